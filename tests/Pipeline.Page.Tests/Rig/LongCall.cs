using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.TestKit.Stage;

namespace Pipeline.Page.Tests.Rig;

/// <summary>
/// A call of hours, brought as a caller of the recording API brings it: a place for each segment, its bytes, and the list at the end.
/// Without queues and ledger that takes a seventh of the requests.
/// </summary>
internal sealed class LongCall(ApiReader api, string title, IReadOnlyList<Speaker> speakers)
{
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(4);

    /// <summary>Brings all of it; returns when it is finalized.</summary>
    /// <param name="length">Seconds.</param>
    public async Task<RecordingId> BringAsync(double length)
    {
        InitLiveResponse begun = await AskAsync("/api/recordings/init-live", new InitLiveRequest
        {
            SessionId = Guid.NewGuid().ToString(),
            GuildId = "900",
            GuildName = "Analytical Engines",
            ChannelId = "77",
            UserId = "1",
            RecordedAt = Start,
            Title = title,
        }, WireJsonContext.Default.InitLiveRequest, WireJsonContext.Default.InitLiveResponse);
        string recording = begun.RecordingId!;
        (Speaker Speaker, int Index, long Start, long Count)[] all =
            [.. speakers.SelectMany(speaker => speaker.Segments().Select((one, index) => (speaker, index, one.Start, one.Count)))];
        FinalizeSegment[] segments = new FinalizeSegment[all.Length];
        await Parallel.ForAsync(0, all.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (at, _) =>
            segments[at] = await PutAsync(recording, all[at].Speaker, all[at].Index, all[at].Start, all[at].Count));
        await AskAsync($"/api/recordings/{recording}/finalize", new FinalizeRequest
        {
            SessionEndTime = Milliseconds((long)(length * Speaker.Rate)),
            Duration = (long)(length * 1000),
            TotalSize = segments.Sum(segment => segment.FileSize),
            ParticipantCount = speakers.Count,
            Segments = segments,
            EndReason = "stopped",
        }, WireJsonContext.Default.FinalizeRequest, WireJsonContext.Default.FinalizeResponse);
        await api.WaitUntilCompletedAsync(recording, TimeSpan.FromMinutes(4));
        return RecordingId.Parse(recording);
    }

    private async Task<FinalizeSegment> PutAsync(string recording, Speaker speaker, int index, long start, long count)
    {
        byte[] wav = speaker.Wav(start, count);
        string userId = speaker.UserId.ToString(CultureInfo.InvariantCulture);
        string file = string.Create(CultureInfo.InvariantCulture, $"segment_{index:D3}.wav");
        SegmentUploadRequest wanted = new()
        {
            UserId = userId,
            Username = speaker.Name,
            SegmentIndex = index,
            FileName = file,
            FileSize = wav.Length,
            AbsoluteStartTime = Milliseconds(start),
            AbsoluteEndTime = Milliseconds(start + count),
            Duration = (long)SampleClock.ToTime(count).TotalMilliseconds,
            Format = "wav",
        };
        SegmentUploadResponse place = await AskAsync($"/api/recordings/{recording}/segment-upload-url", wanted,
            WireJsonContext.Default.SegmentUploadRequest, WireJsonContext.Default.SegmentUploadResponse);
        using HttpRequestMessage put = new(HttpMethod.Put, place.UploadUrl) { Content = new ByteArrayContent(wav) };
        put.Headers.Add("x-ms-blob-type", "BlockBlob");
        put.Content.Headers.ContentType = new("audio/wav");
        using HttpResponseMessage stored = await api.Http.SendAsync(put);
        stored.EnsureSuccessStatusCode();
        return new FinalizeSegment
        {
            UserId = userId,
            Username = speaker.Name,
            SegmentIndex = index,
            FileName = file,
            FilePath = $"{speaker.Name}/{file}",
            AbsoluteStartTime = wanted.AbsoluteStartTime,
            AbsoluteEndTime = wanted.AbsoluteEndTime,
            Duration = wanted.Duration,
            FileSize = wav.Length,
            Format = "wav",
            BlobUrl = new Uri(place.UploadUrl!).GetLeftPart(UriPartial.Path),
            StartSample = start,
            SampleCount = count,
            Channels = 2,
        };
    }

    private static long Milliseconds(long sample) => (Start + SampleClock.ToTime(sample)).ToUnixTimeMilliseconds();

    private async Task<TAnswer> AskAsync<TBody, TAnswer>(string path, TBody body, JsonTypeInfo<TBody> type,
        JsonTypeInfo<TAnswer> answerType)
    {
        using HttpResponseMessage answer = await api.Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, type);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {text}");
        return JsonSerializer.Deserialize(text, answerType)!;
    }
}
