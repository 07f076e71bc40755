using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.TestKit;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Pipeline.Storage.Tests;

/// <summary>An account with everything in it, and a recording that no other test has.</summary>
internal sealed class StorageRoom : IDisposable
{
    private StorageRoom(StorageOptions options)
    {
        Clients = new StorageClients(options);
        Links = new SasIssuer(Clients);
        Session = new SessionInfo
        {
            RecordingId = RecordingId.New(TimeProvider.System),
            GuildId = 11,
            GuildName = "Guild",
            ChannelId = 12,
            StartedBy = 13,
            StartedAt = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero),
        };
    }

    public StorageClients Clients { get; }
    public SasIssuer Links { get; }
    public SessionInfo Session { get; }
    public RecordingId Recording => Session.RecordingId;
    public TempContainer Temp => new(Clients, Links);
    public RecordingsContainer Recordings => new(Clients, Links);
    public RendersContainer Renders => new(Clients, Links);
    public MessageQueues Queues => new(Clients);
    public LedgerPartitions Ledger => new(Clients);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<StorageRoom> OpenAsync(AzuriteFixture azurite, int? account = null)
    {
        StorageRoom room = Empty(azurite, account);
        await new StorageSetup(room.Clients).EnsureAsync(Cancel);
        return room;
    }

    /// <summary>Of an account where nothing was made yet, when its number is this test's alone.</summary>
    public static StorageRoom Empty(AzuriteFixture azurite, int? account = null) => new(new StorageOptions
    {
        ConnectionString = account is { } number ? azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(number))
            : azurite.ConnectionString,
    });

    /// <summary>How long a link that was just given out can be used.</summary>
    public static TimeSpan LifetimeOf(Uri link) => new BlobUriBuilder(link).Sas.ExpiresOn - TimeProvider.System.GetUtcNow();

    public BlobClient TempBlob(string name) => Clients.Temp.GetBlobClient(name);

    public async Task<string> PutSegmentAsync(BlobContainerClient container, ulong userId, int index, string text = "wav")
    {
        string name = BlobPaths.Segment(new SegmentKey(Recording, userId, index), "Ada");
        await container.GetBlobClient(name).UploadAsync(new BinaryData(text), new BlobUploadOptions(), Cancel);
        return name;
    }

    public SessionManifest Manifest(ManifestState state = ManifestState.Recording) => new()
    {
        Session = Session,
        State = state,
        Incarnation = 1,
        UpdatedAt = Session.StartedAt,
        SampleCount = 0,
        Tracks = [],
    };

    public SegmentReady Segment(int index) => new()
    {
        Session = Session,
        UserId = 5,
        Username = "Ada",
        SegmentIndex = index,
        BlobName = BlobPaths.Segment(new SegmentKey(Recording, 5, index), "Ada"),
        FileSize = 3,
        ContentMd5 = Convert.ToBase64String(new byte[16]),
        StartSample = 0,
        SampleCount = 48_000,
        Channels = 1,
        ClosedAt = Session.StartedAt,
    };

    public void Dispose() => Links.Dispose();
}
