using System.Text.Json;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Tests.Rig;

/// <summary>A recording as a test made it, and what its tracks must hold.</summary>
internal sealed class Recorded(RecordingId id)
{
    private readonly Dictionary<ulong, (int Channels, short[] Pcm)> tracks = [];

    public RecordingId Id { get; } = id;
    public DateTimeOffset StartedAt { get; init; } = new(2026, 11, 28, 20, 0, 0, 500, TimeSpan.Zero);
    public List<FinalizeSegment> Segments { get; } = [];

    /// <summary>Samples from the start to the end of the last segment.</summary>
    public long End { get; set; }

    public void Put(ulong userId, int channels, long start, short[] pcm)
    {
        (int width, short[] all) = tracks.GetValueOrDefault(userId, (channels, []));
        // Who was heard in mono before is heard from both sides.
        if (width < channels) all = [.. all.SelectMany(value => new[] { value, value })];
        if (all.Length < (start * channels) + pcm.Length) Array.Resize(ref all, (int)(start * channels) + pcm.Length);
        pcm.CopyTo(all, start * channels);
        tracks[userId] = (channels, all);
    }

    /// <summary>The track from the start of the recording to its end.</summary>
    public short[] Track(ulong userId)
    {
        (int channels, short[] pcm) = tracks[userId];
        short[] whole = new short[End * channels];
        pcm.CopyTo(whole, 0);
        return whole;
    }
}

/// <summary>Recordings that several tests want.</summary>
internal static class Recordings
{
    public const ulong Ada = 11, Grace = 12;
    public const int Minute = 60 * 48_000;

    /// <summary>Ada from the start in stereo with a pause, Grace later and softer; a minute and a quarter.</summary>
    public static async Task<Recorded> TalkAsync(RenderStage stage)
    {
        Recorded recorded = await stage.BeginAsync();
        short[] ada = Speech.Of("ada", 20 * 48_000, channels: 2),
            grace = [.. Speech.Of("grace", 30 * 48_000).Select(value => (short)(value / 3))];
        await stage.AddAsync(recorded, Ada, "Ada Lovelace", 0, ada[..960_000], 2);
        await stage.AddAsync(recorded, Ada, "Ada Lovelace", 480_000, ada[960_000..], 2);
        await stage.AddAsync(recorded, Ada, "Ada Lovelace", Minute - 12_345, ada[..960_000], 2);
        await stage.AddAsync(recorded, Grace, "Grace", 40 * 48_000, grace, 1);
        await stage.AddAsync(recorded, Grace, "Grace", (72 * 48_000) + 4_321, grace[..200_001], 1);
        return recorded;
    }

    /// <summary>Puts the bot's own account of a recording that runs where the bot puts it.</summary>
    public static Task TellAsync(this RenderStage stage, Recorded recorded, SessionManifest manifest) =>
        stage.Storage.Temp.GetBlobClient(BlobPaths.Manifest(recorded.Id)).UploadAsync(
            new BinaryData(JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJsonContext.Default.SessionManifest)), overwrite: true,
            TestContext.Current.CancellationToken);

    /// <summary>Adds a segment of a recording that runs: put into its place and noted as moved.</summary>
    public static async Task MoveAsync(this RenderStage stage, Recorded recorded, ulong userId, string username, long start, short[] pcm,
        int channels = 1)
    {
        await stage.AddAsync(recorded, userId, username, start, pcm, channels);
        FinalizeSegment segment = recorded.Segments[^1];
        TableClient ledger = stage.Storage.Tables.GetTableClient(StorageNames.LedgerTable);
        await ledger.UpsertEntityAsync(
            new TableEntity(recorded.Id.ToString(), MovedSegments.RowKey(userId, segment.SegmentIndex!.Value))
            {
                ["UserId"] = $"{userId}",
                ["Index"] = segment.SegmentIndex.Value,
                ["State"] = MovedSegments.MovedState,
                ["Username"] = username,
                ["BlobUrl"] = segment.BlobUrl,
                ["FileSize"] = segment.FileSize!.Value,
                ["StartSample"] = segment.StartSample!.Value,
                ["SampleCount"] = segment.SampleCount!.Value,
                ["Channels"] = channels,
            }, cancellationToken: TestContext.Current.CancellationToken);
    }
}
