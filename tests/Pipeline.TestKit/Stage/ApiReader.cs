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

    public async Task<byte[]> DownloadAsync(RecordingSegment segment, CancellationToken cancel) =>
        await http.GetByteArrayAsync(new Uri(segment.DownloadUrl!), cancel);

    public void Dispose() => http.Dispose();
}
