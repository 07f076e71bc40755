using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>A recorded session as the bot leaves it in the temp container: segments of seeded noise, a manifest, messages.</summary>
internal sealed class Session
{
    private static readonly ConcurrentDictionary<int, string> Owners = new();

    private readonly Dictionary<SegmentKey, byte[]> bytes = [];

    public Session(int seed, params (ulong UserId, string Name, int Segments)[] speakers)
        : this(seed, TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1), speakers)
    {
    }

    /// <param name="seed">Decides the id and all bytes; every test has its own.</param>
    public Session(int seed, DateTimeOffset startedAt, params (ulong UserId, string Name, int Segments)[] speakers)
    {
        // Two tests with one recording would end it for each other, in the order of the day.
        if (TestContext.Current.TestMethod is { UniqueID: { } test } && Owners.GetOrAdd(seed, test) != test)
            throw new ArgumentException($"another test has the seed {seed} already", nameof(seed));
        Random random = new(seed);
        byte[] id = new byte[16];
        random.NextBytes(id);
        Info = new SessionInfo
        {
            RecordingId = new RecordingId(new Guid(id)),
            GuildId = 900_000_000_000_000_000UL + (ulong)seed,
            GuildName = "Ünïcode guild 🎙",
            ChannelId = 77,
            StartedBy = 1,
            StartedAt = startedAt,
            Title = "Weekly",
        };
        foreach ((ulong userId, string name, int segments) in speakers)
        {
            for (int index = 0; index < segments; index++) Add(random, userId, name, index);
        }
    }

    public SessionInfo Info { get; }
    public List<SegmentReady> Segments { get; } = [];
    public RecordingId Id => Info.RecordingId;
    public long SampleCount => Segments.Count == 0 ? 48_000 : Segments.Max(segment => segment.StartSample + segment.SampleCount);

    public RecordingStarted Started => new() { Session = Info };

    public RecordingStopped Stopped => new()
    {
        Session = Info,
        EndedAt = Info.StartedAt + SampleClock.ToTime(SampleCount),
        EndReason = EndReason.Stopped,
        SampleCount = SampleCount,
        Tracks = Tracks,
    };

    public IReadOnlyList<TrackSummary> Tracks => [.. Segments.GroupBy(segment => segment.UserId).Select(track => new TrackSummary
    {
        UserId = track.Key,
        Username = track.First().Username,
        Segments = [new IndexRange(0, track.Max(segment => segment.SegmentIndex))],
        SampleCount = track.Sum(segment => segment.SampleCount),
        ByteCount = track.Sum(segment => segment.FileSize),
        Chain = track.OrderBy(segment => segment.SegmentIndex)
            .Aggregate(SegmentChain.Empty, (chain, segment) => SegmentChain.Append(chain, segment.SegmentIndex, segment.ContentMd5)),
        NextFreeIndex = track.Count() + 16,
        Health = new Dictionary<string, long> { ["received"] = 500, ["lost"] = 3 },
    })];

    public SessionManifest Manifest(ManifestState state, DateTimeOffset updatedAt) => new()
    {
        Session = Info,
        State = state,
        Incarnation = 1,
        UpdatedAt = updatedAt,
        SampleCount = SampleCount,
        Tracks = Tracks,
        Gaps = [new RecordingGap { StartSample = 10, SampleCount = 20, Reason = "loss" }],
        Notes = [new RecordingNote { Sample = 5, UserId = 1, Text = "remember" }],
        EndedAt = state == ManifestState.Stopped ? Info.StartedAt + SampleClock.ToTime(SampleCount) : null,
        EndReason = state == ManifestState.Stopped ? EndReason.Stopped : null,
    };

    /// <summary>Segments of these indexes are Opus files by their names.</summary>
    public Session WithOpus(params int[] indexes)
    {
        for (int i = 0; i < Segments.Count; i++)
        {
            SegmentReady segment = Segments[i];
            if (indexes.Contains(segment.SegmentIndex))
                Segments[i] = segment with { BlobName = BlobPaths.Segment(segment.Key, segment.Username, SegmentFormat.Opus) };
        }
        return this;
    }

    /// <summary>The first segment of everybody holds this sound, as a bot would have written it.</summary>
    /// <param name="mono">48 kHz.</param>
    public Session WithSound(short[] mono)
    {
        byte[] file = new byte[WavFormat.HeaderSize + (mono.Length * WavFormat.BytesPerValue)];
        new WavFormat(1, 48_000).WriteHeader(file, mono.Length * (long)WavFormat.BytesPerValue);
        MemoryMarshal.AsBytes(mono.AsSpan()).CopyTo(file.AsSpan(WavFormat.HeaderSize));
        for (int i = 0; i < Segments.Count; i++)
        {
            if (Segments[i].SegmentIndex != 0) continue;
            bytes[Segments[i].Key] = file;
            Segments[i] = Segments[i] with
            {
                FileSize = file.Length,
                ContentMd5 = Convert.ToBase64String(MD5.HashData(file)),
                SampleCount = mono.Length,
                Channels = 1,
            };
        }
        return this;
    }

    public byte[] BytesOf(SegmentReady segment) => bytes[segment.Key];

    public async Task PutAllAsync(StorageClients storage)
    {
        foreach (SegmentReady segment in Segments) await PutAsync(storage, segment);
    }

    public Task PutAsync(StorageClients storage, SegmentReady segment) => PutAsync(storage, segment, segment);

    /// <param name="message">What the blob says of itself.</param>
    public async Task PutAsync(StorageClients storage, SegmentReady message, SegmentReady segment)
    {
        BlobUploadOptions options = new()
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = segment.Format.ContentType() },
            Metadata = new Dictionary<string, string> { [SegmentMetadata.Key] = SegmentMetadata.Write(message) },
        };
        await storage.Temp.GetBlobClient(segment.BlobName).UploadAsync(new BinaryData(bytes[segment.Key]), options);
    }

    public async Task PutManifestAsync(StorageClients storage, SessionManifest manifest) =>
        await storage.Temp.GetBlobClient(BlobPaths.Manifest(Id)).UploadAsync(
            new BinaryData(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJsonContext.Default.SessionManifest)),
                overwrite: true);

    public async Task<string[]> LeftInTempAsync(StorageClients storage)
    {
        List<string> names = [];
        await foreach (BlobItem item in storage.Temp.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{Id}/" })) names.Add(item.Name);
        return [.. names];
    }

    private void Add(Random random, ulong userId, string name, int index)
    {
        byte[] content = new byte[random.Next(1_000, 9_000)];
        random.NextBytes(content);
        SegmentKey key = new(Id, userId, index);
        bytes[key] = content;
        Segments.Add(new SegmentReady
        {
            Session = Info,
            UserId = userId,
            Username = name,
            SegmentIndex = index,
            BlobName = BlobPaths.Segment(key, name),
            FileSize = content.Length,
            ContentMd5 = Convert.ToBase64String(MD5.HashData(content)),
            StartSample = index * 480_000L,
            SampleCount = 480_000,
            Channels = 2,
            ClosedAt = Info.StartedAt + SampleClock.ToTime((index + 1) * 480_000L),
        });
    }
}
