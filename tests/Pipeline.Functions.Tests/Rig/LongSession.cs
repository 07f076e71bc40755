using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>A long recording whose segments have all arrived: files of four bytes, rows of the ledger, the bot's last account.</summary>
internal sealed class LongSession
{
    private const string Md5 = "CNbvT9Wtrt7C4fTtJdMkMQ=="; // what the ledger says of each; nobody reads the bytes here
    private readonly string name;
    private readonly int speakers;
    private readonly int count;

    /// <param name="seed">Decides the id.</param>
    /// <param name="name">Everybody's name; the number of the speaker stands behind it.</param>
    public LongSession(int seed, string name, int speakers, int count)
    {
        (this.name, this.speakers, this.count) = (name, speakers, count);
        byte[] id = new byte[16];
        new Random(seed).NextBytes(id);
        Info = new SessionInfo
        {
            RecordingId = new RecordingId(new Guid(id)),
            GuildId = 910_000_000_000_000_000UL + (ulong)seed,
            GuildName = "Длинная встреча",
            ChannelId = 77,
            StartedBy = 1,
            StartedAt = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1),
        };
    }

    public SessionInfo Info { get; }
    public RecordingId Id => Info.RecordingId;

    public RecordingStopped Stopped => new()
    {
        Session = Info,
        EndedAt = Info.StartedAt + TimeSpan.FromHours(7),
        EndReason = EndReason.Stopped,
        SampleCount = 48_000,
        Tracks = [.. Enumerable.Range(0, speakers).Select(speaker => new TrackSummary
        {
            UserId = UserOf(speaker),
            Username = NameOf(speaker),
            Segments = [new IndexRange(0, Indexes(speaker) - 1)],
            SampleCount = Indexes(speaker) * 480_000L,
            ByteCount = Indexes(speaker) * 4L,
            Chain = Enumerable.Range(0, Indexes(speaker))
                .Aggregate(SegmentChain.Empty, (chain, index) => SegmentChain.Append(chain, index, Md5)),
            NextFreeIndex = Indexes(speaker),
            Health = new Dictionary<string, long>(),
        })],
    };

    public IEnumerable<SegmentKey> Keys => Enumerable.Range(0, count).Select(number => new SegmentKey(Id, UserOf(number % speakers),
        number / speakers));

    public async Task PutAllAsync(StorageClients storage, CancellationToken cancellation)
    {
        ParallelOptions width = new() { MaxDegreeOfParallelism = 32, CancellationToken = cancellation };
        BinaryData content = new([1, 2, 3, 4]);
        await Parallel.ForEachAsync(Enumerable.Range(0, count), width, async (number, stop) =>
            await storage.Recordings.GetBlobClient(BlobName(number)).UploadAsync(content, overwrite: true, stop));
        TableClient ledger = storage.Tables.GetTableClient(StorageNames.LedgerTable);
        await Parallel.ForEachAsync(Enumerable.Range(0, count).Chunk(100), width, async (numbers, stop) =>
            await ledger.SubmitTransactionAsync(numbers.Select(number =>
                new TableTransactionAction(TableTransactionActionType.UpsertReplace, LedgerRows.Write(Row(storage, number)))), stop));
    }

    private LedgerSegment Row(StorageClients storage, int number) => new()
    {
        Key = new SegmentKey(Id, UserOf(number % speakers), number / speakers),
        State = SegmentState.Moved,
        Username = NameOf(number % speakers),
        BlobName = BlobName(number),
        BlobUrl = storage.Recordings.GetBlobClient(BlobName(number)).Uri.AbsoluteUri,
        FileSize = 4,
        ContentMd5 = Md5,
        StartSample = (number / speakers * 480_000L) + (number % speakers * 7),
        SampleCount = 480_000,
        Channels = 1,
    };

    private string BlobName(int number) =>
        BlobPaths.Segment(new SegmentKey(Id, UserOf(number % speakers), number / speakers), NameOf(number % speakers));

    private string NameOf(int speaker) => $"{name}{speaker}";

    // 8, 9, 10, 11: their order as text is another one than their order as numbers.
    private static ulong UserOf(int speaker) => 8UL + (ulong)speaker;

    private int Indexes(int speaker) => ((count - speaker - 1) / speakers) + 1;
}
