using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Pipeline.Contracts;

namespace Pipeline.Page.Tests.Rig;

/// <summary>A call as a bot brings it: segments and messages, the account that it keeps, the end. The functions do the rest.</summary>
internal sealed class SpokenCall(string connectionString, string title, params IReadOnlyList<Speaker> speakers)
{
    private readonly BlobContainerClient temp = new(connectionString, StorageNames.TempContainer);
    private readonly Dictionary<SegmentKey, SegmentReady> sent = [];

    public SessionInfo Session { get; } = new()
    {
        RecordingId = RecordingId.New(TimeProvider.System),
        GuildId = 900,
        GuildName = "Analytical Engines",
        ChannelId = 77,
        ChannelName = "Table",
        StartedBy = 1,
        StartedAt = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(4),
        Title = title,
    };

    public RecordingId Id => Session.RecordingId;
    public IReadOnlyList<RecordingGap> Gaps { get; set; } = [];
    public IReadOnlyList<RecordingNote> Notes { get; set; } = [];
    public string? PrivacyCode { get; init; }

    /// <summary>This person's segment is announced and never comes.</summary>
    public (ulong UserId, int Index)? Lost { get; init; }

    public Task StartAsync() =>
        SendAsync(StorageNames.RecordingStartedQueue, new RecordingStarted { Session = Session },
        ContractsJsonContext.Default.RecordingStarted);

    /// <summary>Brings every segment that ends by this position and was not brought yet, and the account of it.</summary>
    /// <param name="until">Seconds.</param>
    public async Task SpeakAsync(double until)
    {
        long end = (long)(until * Speaker.Rate);
        List<SegmentReady> fresh = [.. speakers.SelectMany(speaker => Upcoming(speaker, end))];
        ParallelOptions width = new() { MaxDegreeOfParallelism = 8 };
        await Parallel.ForEachAsync(fresh.Where(segment => (segment.UserId, segment.SegmentIndex) != Lost), width, async (segment, _) =>
            await PutAsync(segment));
        await PutManifestAsync(ManifestState.Recording, end);
    }

    public async Task StopAsync(double at)
    {
        long end = (long)(at * Speaker.Rate);
        SessionManifest manifest = await PutManifestAsync(ManifestState.Stopped, end);
        RecordingStopped stopped = new()
        {
            Session = Session,
            EndedAt = manifest.EndedAt!.Value,
            EndReason = EndReason.Stopped,
            SampleCount = end,
            Tracks = manifest.Tracks
        };
        await SendAsync(StorageNames.RecordingStoppedQueue, stopped, ContractsJsonContext.Default.RecordingStopped);
    }

    private IEnumerable<SegmentReady> Upcoming(Speaker speaker, long end)
    {
        int index = -1;
        foreach ((long start, long count) in speaker.Segments())
        {
            SegmentKey key = new(Id, speaker.UserId, ++index);
            if (start + count > end || sent.ContainsKey(key)) continue;
            byte[] file = speaker.File(start, count);
            yield return sent[key] = new SegmentReady
            {
                Session = Session,
                UserId = speaker.UserId,
                Username = speaker.Name,
                SegmentIndex = index,
                BlobName = BlobPaths.Segment(key, speaker.Name, speaker.Format),
                FileSize = file.Length,
                ContentMd5 = Convert.ToBase64String(MD5.HashData(file)),
                StartSample = start,
                SampleCount = count,
                Channels = 2,
                ClosedAt = Session.StartedAt + SampleClock.ToTime(start + count),
            };
        }
    }

    private async Task PutAsync(SegmentReady segment)
    {
        Speaker speaker = speakers.Single(one => one.UserId == segment.UserId);
        BlobUploadOptions options = new()
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = speaker.Format.ContentType() },
            Metadata = new Dictionary<string, string> { [SegmentMetadata.Key] = SegmentMetadata.Write(segment) },
        };
        await temp.GetBlobClient(segment.BlobName)
            .UploadAsync(new BinaryData(speaker.File(segment.StartSample, segment.SampleCount)), options);
        await SendAsync(StorageNames.SegmentReadyQueue, segment, ContractsJsonContext.Default.SegmentReady);
    }

    private async Task<SessionManifest> PutManifestAsync(ManifestState state, long end)
    {
        SessionManifest manifest = new()
        {
            Session = Session,
            State = state,
            Incarnation = 1,
            UpdatedAt = Session.StartedAt + SampleClock.ToTime(end),
            SampleCount = end,
            Tracks = [.. speakers.Select(speaker => Summary(speaker, end))],
            Gaps = Gaps,
            Notes = Notes,
            PrivacyCode = PrivacyCode,
            EndedAt = state == ManifestState.Stopped ? Session.StartedAt + SampleClock.ToTime(end) : null,
            EndReason = state == ManifestState.Stopped ? EndReason.Stopped : null,
        };
        await temp.GetBlobClient(BlobPaths.Manifest(Id))
            .UploadAsync(new BinaryData(JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJsonContext.Default.SessionManifest)),
            overwrite: true);
        return manifest;
    }

    private TrackSummary Summary(Speaker speaker, long end)
    {
        SegmentReady[] own = [.. sent.Values.Where(segment => segment.UserId == speaker.UserId).OrderBy(segment => segment.SegmentIndex)];
        (long Start, long Count)[] open = [.. speaker.Segments().Skip(own.Length).Where(segment => segment.Start < end)];
        return new TrackSummary
        {
            UserId = speaker.UserId,
            Username = speaker.Name,
            Segments = own.Length == 0 ? [] : [new IndexRange(0, own.Length - 1)],
            SampleCount = own.Sum(segment => segment.SampleCount),
            ByteCount = own.Sum(segment => segment.FileSize),
            Chain = own.Aggregate(SegmentChain.Empty, (chain, segment) =>
                SegmentChain.Append(chain, segment.SegmentIndex, segment.ContentMd5)),
            NextFreeIndex = own.Length + 64,
            SafeSample = open.Length > 0 ? open[0].Start : end,
            Health = new Dictionary<string, long> { ["received"] = 10_000, ["concealed"] = 3 },
        };
    }

    private async Task SendAsync<T>(string queue, T message, JsonTypeInfo<T> type)
    {
        QueueClient client = new(connectionString, queue, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
        await client.SendMessageAsync(JsonSerializer.Serialize(message, type));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Session.Title}: {sent.Count} segments");
}
