using System.Net;
using System.Text.Json;
using Pipeline.Contracts.Api;

namespace Pipeline.TestKit.Stage;

/// <summary>The recording API as a client outside the product sees it.</summary>
public sealed class ApiReader : IDisposable
{
    private readonly HttpClient http;

    /// <param name="handler">How to get there; null for the usual way. It is disposed with this.</param>
    public ApiReader(Uri baseUrl, string key, HttpMessageHandler? handler = null)
    {
        http = new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = baseUrl, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Add("x-functions-key", key);
    }

    public HttpClient Http => http;

    public async Task<HttpStatusCode> HealthAsync(CancellationToken cancel)
    {
        using HttpResponseMessage answer = await http.GetAsync(new Uri("/api/health", UriKind.Relative), cancel);
        return answer.StatusCode;
    }

    /// <summary>Null when the API does not know the recording.</summary>
    public async Task<RecordingDetails?> FindAsync(string id, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await http.GetAsync(new Uri($"/api/recordings/{id}", UriKind.Relative), cancel);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        answer.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStreamAsync(cancel), ApiJsonContext.Default.RecordingDetails);
    }

    /// <summary>A server's recordings, newest first, as many as one page holds.</summary>
    public async Task<IReadOnlyList<RecordingSummary>> ListAsync(ulong guildId)
    {
        byte[] page = await http.GetByteArrayAsync(new Uri($"/api/recordings?guildId={guildId}", UriKind.Relative));
        return JsonSerializer.Deserialize(page, ApiJsonContext.Default.RecordingPage)!.Recordings;
    }

    /// <summary>Polls until the recording is finished. The API may be away in between.</summary>
    public async Task<RecordingDetails> WaitUntilCompletedAsync(string id, TimeSpan timeout)
    {
        using CancellationTokenSource cancel = new(timeout);
        RecordingDetails? last = null;
        try
        {
            while (true)
            {
                try
                {
                    last = await FindAsync(id, cancel.Token) ?? last;
                    if (last?.Status is RecordingStatus.Completed or RecordingStatus.Failed) return last;
                }
                catch (HttpRequestException)
                {
                    // The app may be down at this moment; the deadline decides.
                }
                await Task.Delay(100, cancel.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(
                $"recording {id} is {last?.Status.ToString() ?? "unknown"} after {timeout.TotalSeconds:F0} s with {last?.SegmentCount} "
                + $"segments");
        }
    }

    /// <summary>Polls until every file is ready, or cannot be made, that is made without being asked for.</summary>
    public async Task<RecordingFiles> WaitForFilesAsync(string id, TimeSpan timeout)
    {
        using CancellationTokenSource cancel = new(timeout);
        while (true)
        {
            byte[] json = await http.GetByteArrayAsync(new Uri($"/api/recordings/{id}/files", UriKind.Relative), cancel.Token);
            RecordingFiles files = JsonSerializer.Deserialize(json, WireJsonContext.Default.RecordingFiles)!;
            if (files.Files.Count > 0 && files.Files.All(file => file.State != "rendering")) return files;
            await Task.Delay(100, cancel.Token);
        }
    }

    /// <summary>
    /// The recording with every segment: its own answer names 5,000 at most. What else there is comes in pages, with links of five minutes
    /// and the MD5 that the storage tells.
    /// </summary>
    public async Task<RecordingDetails> WithAllSegmentsAsync(RecordingDetails recording, CancellationToken cancel)
    {
        if (recording.Segments.Count == recording.SegmentCount) return recording;
        Dictionary<(string UserId, int Index), RecordingSegment> known = [];
        foreach (RecordingSegment segment in recording.Segments) known[(segment.UserId, segment.SegmentIndex)] = segment;
        List<RecordingSegment> all = [];
        string after = "";
        do
        {
            byte[] json = await http.GetByteArrayAsync(
                new Uri($"/api/recordings/{recording.Id}/segments?limit=1000{after}", UriKind.Relative), cancel);
            SegmentPage page = JsonSerializer.Deserialize(json, WireJsonContext.Default.SegmentPage)!;
            foreach (SegmentEntry entry in page.Segments)
            {
                all.Add(known.GetValueOrDefault((entry.UserId, entry.SegmentIndex))
                    ?? Segment(recording, entry, await Md5Async(entry, cancel)));
            }
            after = page.Next is { } next ? $"&after={Uri.EscapeDataString(next)}" : "";
        }
        while (after.Length > 0);
        return recording with { Segments = all };
    }

    public async Task<byte[]> DownloadAsync(RecordingSegment segment, CancellationToken cancel) =>
        await http.GetByteArrayAsync(new Uri(segment.DownloadUrl!), cancel);

    public void Dispose() => http.Dispose();

    private async Task<string?> Md5Async(SegmentEntry entry, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(HttpMethod.Head, entry.Url);
        using HttpResponseMessage answer = await http.SendAsync(request, cancel);
        answer.EnsureSuccessStatusCode();
        return answer.Content.Headers.ContentMD5 is { } md5 ? Convert.ToBase64String(md5) : null;
    }

    private static RecordingSegment Segment(RecordingDetails recording, SegmentEntry entry, string? md5)
    {
        long start = recording.RecordedAt.ToUnixTimeMilliseconds() + (entry.StartSample / 48), duration = entry.SampleCount / 48;
        string path = new Uri(entry.Url).AbsolutePath, file = path[(path.LastIndexOf('/') + 1)..];
        return new RecordingSegment
        {
            UserId = entry.UserId,
            Username = recording.Segments.FirstOrDefault(segment => segment.UserId == entry.UserId)?.Username ?? entry.UserId,
            SegmentIndex = entry.SegmentIndex,
            FileName = file,
            FilePath = $"{entry.UserId}/{file}",
            AbsoluteStartTime = start,
            AbsoluteEndTime = start + duration,
            Duration = duration,
            FileSize = entry.Bytes,
            Format = entry.Format,
            BlobUrl = entry.Url,
            StartSample = entry.StartSample,
            SampleCount = entry.SampleCount,
            Channels = entry.Channels,
            ContentMd5 = md5,
            DownloadUrl = entry.Url,
            DownloadExpiresAt = entry.UrlExpiresAt,
        };
    }
}
