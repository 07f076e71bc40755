using System.Net;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Bot.Storage;

/// <summary>
/// The temp container and the queues of one storage account. The only class of the bot that knows the Azure SDK.
/// Every call may be repeated; none retries by itself, that is done by those who call it.
/// </summary>
/// <remarks>Errors: <see cref="RequestFailedException"/> and what the network throws, as the SDK gives them.</remarks>
internal sealed class TempStorage
{
    /// <summary>How long a lease lives without renewal (the service takes 15-60 s).</summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(60);

    // The shortest that the service gives: nobody hears a call for longer after a bot was killed.
    private static readonly TimeSpan ShardLeaseDuration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShardPatience = TimeSpan.FromSeconds(4);

    /// <summary>How long a write of a manifest that is given up is still waited for.</summary>
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(5);

    // A segment is one Put Blob: only then does the service check and keep its Content-MD5.
    private static readonly StorageTransferOptions SinglePut = new() { InitialTransferSize = 256L << 20 };

    private static readonly string[] Queues =
        [StorageNames.RecordingStartedQueue, StorageNames.SegmentReadyQueue, StorageNames.RecordingStoppedQueue];

    private readonly BlobContainerClient container;
    private readonly QueueServiceClient queues;
    private readonly TempStorageOptions options;

    public TempStorage(TempStorageOptions options)
    {
        this.options = options;
        StorageAccount account = new(options.Account);
        BlobClientOptions blobOptions = StorageAccount.NewBlobOptions();
        blobOptions.Retry.MaxRetries = 0;
        QueueClientOptions queueOptions = StorageAccount.NewQueueOptions();
        queueOptions.Retry.MaxRetries = 0;
        container = account.NewBlobs(blobOptions).GetBlobContainerClient(StorageNames.TempContainer);
        queues = account.NewQueues(queueOptions);
    }

    /// <summary>Creates what is missing. An identity that may not create finds everything there already, or the first put tells.</summary>
    public async Task EnsureCreatedAsync(CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(options.CallTimeout, cancel);
        await IgnoreForbidden(() => container.CreateIfNotExistsAsync(cancellationToken: limit.Token));
        foreach (string name in Queues)
            await IgnoreForbidden(() => queues.GetQueueClient(name).CreateIfNotExistsAsync(cancellationToken: limit.Token));
    }

    /// <summary>
    /// Puts an empty blob and takes it away again: who may do that may put segments. Asks each queue to take a message that would be hidden
    /// for longer than it lives: who may not send is refused (403), who may learns that there is no such message (400), and none is left
    /// behind. Creating what is there already proves nothing.
    /// </summary>
    /// <exception cref="RequestFailedException">Something is refused or not there.</exception>
    public async Task TryOutAsync(CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(options.CallTimeout, cancel);
        BlobClient blob = container.GetBlobClient(BlobPaths.Shard("doctor"));
        await blob.UploadAsync(BinaryData.Empty, overwrite: true, limit.Token);
        await blob.DeleteIfExistsAsync(cancellationToken: limit.Token);
        foreach (string name in Queues)
        {
            try
            {
                await queues.GetQueueClient(name).SendMessageAsync("", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), limit.Token);
            }
            catch (RequestFailedException impossible) when (impossible.Status == (int)HttpStatusCode.BadRequest)
            {
                // It would have been taken otherwise.
            }
        }
    }

    /// <summary>
    /// Puts a file from disk under <paramref name="blobName"/> if nothing is there (If-None-Match: *), with Content-MD5 checked by the
    /// service.
    /// </summary>
    /// <param name="contentMd5">16 bytes over the whole file.</param>
    /// <exception cref="SegmentConflictException">Other bytes are there.</exception>
    public async Task<PutOutcome> PutSegmentAsync(string blobName, Stream file, byte[] contentMd5, string metadata,
        CancellationToken cancel)
    {
        // 64 KiB/s is the slowest line that still makes progress.
        using CancellationTokenSource limit = Limit(options.CallTimeout + TimeSpan.FromSeconds(file.Length / 65_536.0), cancel);
        BlobClient blob = container.GetBlobClient(blobName);
        BlobUploadOptions upload = new()
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = SegmentFormats.OfName(blobName).ContentType() },
            Metadata = new Dictionary<string, string> { [SegmentMetadata.Key] = metadata },
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            TransferOptions = SinglePut,
            TransferValidation = new UploadTransferValidationOptions { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 },
        };
        try
        {
            BlobContentInfo stored = await blob.UploadAsync(file, upload, limit.Token);
            if (stored.ContentHash is { } hash && hash.AsSpan().SequenceEqual(contentMd5)) return PutOutcome.Stored;
            throw new SegmentConflictException(blobName, Convert.ToBase64String(contentMd5),
                stored.ContentHash is { } other ? Convert.ToBase64String(other) : null);
        }
        catch (RequestFailedException exists) when (exists.Status == 409 && exists.ErrorCode == BlobErrorCode.BlobAlreadyExists)
        {
            BlobProperties there = await blob.GetPropertiesAsync(cancellationToken: limit.Token);
            if (there.ContentHash is { } hash && hash.AsSpan().SequenceEqual(contentMd5)) return PutOutcome.AlreadyThere;
            throw new SegmentConflictException(blobName, Convert.ToBase64String(contentMd5),
                there.ContentHash is { } other ? Convert.ToBase64String(other) : null);
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await EnsureCreatedAsync(cancel);
            throw;
        }
    }

    /// <summary>Takes a segment back whose message was not sent; also when it never arrived.</summary>
    public async Task DeleteSegmentAsync(string blobName, CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(options.CallTimeout, cancel);
        await container.GetBlobClient(blobName).DeleteIfExistsAsync(cancellationToken: limit.Token);
    }

    public Task SendAsync(RecordingStarted message, CancellationToken cancel) =>
        SendAsync(StorageNames.RecordingStartedQueue, JsonSerializer.Serialize(message, ContractsJsonContext.Default.RecordingStarted),
            cancel);

    public Task SendAsync(SegmentReady message, CancellationToken cancel) =>
        SendAsync(StorageNames.SegmentReadyQueue, JsonSerializer.Serialize(message, ContractsJsonContext.Default.SegmentReady), cancel);

    /// <summary>A message that would pass the queue's 64 KiB goes without its tracks; the manifest has them.</summary>
    public Task SendAsync(RecordingStopped message, CancellationToken cancel)
    {
        const int MaximumMessageBytes = 60_000;
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, ContractsJsonContext.Default.RecordingStopped);
        if (json.Length > MaximumMessageBytes)
            json = JsonSerializer.SerializeToUtf8Bytes(message with { Tracks = null }, ContractsJsonContext.Default.RecordingStopped);
        return SendAsync(StorageNames.RecordingStoppedQueue, Encoding.UTF8.GetString(json), cancel);
    }

    /// <summary>The stored session.json, or null when there is none.</summary>
    /// <exception cref="JsonException">Somebody wrote something else there.</exception>
    public async Task<StoredManifest?> ReadManifestAsync(RecordingId recording, CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(options.CallTimeout, cancel);
        try
        {
            BlobDownloadResult found = await container.GetBlobClient(BlobPaths.Manifest(recording)).DownloadContentAsync(limit.Token);
            SessionManifest? manifest = JsonSerializer.Deserialize(found.Content.ToMemory().Span,
                ContractsJsonContext.Default.SessionManifest);
            return manifest is null ? null : new StoredManifest(manifest, found.Details.LeaseState == LeaseState.Leased);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes session.json. With a lease id the lease must be ours; without one the blob must not exist yet.
    /// False: it is another's (or, without a lease id, somebody has created it).
    /// </summary>
    public async Task<bool> WriteManifestAsync(SessionManifest manifest, string? leaseId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using CancellationTokenSource limit = Limit(options.CallTimeout, CancellationToken.None);
        // What is given up here the storage may still do, and later than the next write: the one that says that the call is over.
        using CancellationTokenRegistration givesUp = cancel.Register(() => limit.CancelAfter(WritePatience));
        BlobUploadOptions upload = new()
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
            Conditions = leaseId is null ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                : new BlobRequestConditions { LeaseId = leaseId },
        };
        try
        {
            BinaryData json = new(JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJsonContext.Default.SessionManifest));
            await container.GetBlobClient(BlobPaths.Manifest(manifest.Session.RecordingId)).UploadAsync(json, upload, limit.Token);
            return true;
        }
        catch (RequestFailedException refused) when (refused.Status is 409 or 412)
        {
            return false;
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await EnsureCreatedAsync(cancel);
            throw;
        }
    }

    /// <summary>Takes or renews the 60 s lease on session.json under our own id; an id that holds it already gets it again.</summary>
    public async Task<LeaseOutcome> AcquireLeaseAsync(RecordingId recording, string leaseId, CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(options.CallTimeout, cancel);
        try
        {
            await Lease(recording, leaseId).AcquireAsync(LeaseDuration, cancellationToken: limit.Token);
            return LeaseOutcome.Ours;
        }
        catch (RequestFailedException held) when (held.Status == 409)
        {
            return LeaseOutcome.Theirs;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return LeaseOutcome.NoManifest;
        }
    }

    /// <summary>Lets go at once instead of after 60 s. A lease that is not ours any more is left alone.</summary>
    public async Task ReleaseLeaseAsync(RecordingId recording, string leaseId, CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(options.CallTimeout, cancel);
        try
        {
            await Lease(recording, leaseId).ReleaseAsync(cancellationToken: limit.Token);
        }
        catch (RequestFailedException gone) when (gone.Status is 404 or 409)
        {
            return;
        }
    }

    /// <summary>Takes or renews the 15 s lease that says who serves a shard; the blob is made when it is missing.</summary>
    public async Task<LeaseOutcome> AcquireShardAsync(string blobName, string leaseId, CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(ShardPatience, cancel);
        BlobClient blob = container.GetBlobClient(blobName);
        try
        {
            await blob.GetBlobLeaseClient(leaseId).AcquireAsync(ShardLeaseDuration, cancellationToken: limit.Token);
            return LeaseOutcome.Ours;
        }
        catch (RequestFailedException held) when (held.Status == 409)
        {
            return LeaseOutcome.Theirs;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            if (missing.ErrorCode == BlobErrorCode.ContainerNotFound) await EnsureCreatedAsync(limit.Token);
            await CreateEmptyAsync(blob, limit.Token);
            await blob.GetBlobLeaseClient(leaseId).AcquireAsync(ShardLeaseDuration, cancellationToken: limit.Token);
            return LeaseOutcome.Ours;
        }
    }

    public async Task ReleaseShardAsync(string blobName, string leaseId, CancellationToken cancel)
    {
        try
        {
            await container.GetBlobClient(blobName).GetBlobLeaseClient(leaseId).ReleaseAsync(cancellationToken: cancel);
        }
        catch (RequestFailedException gone) when (gone.Status is 404 or 409)
        {
            return;
        }
    }

    private static async Task CreateEmptyAsync(BlobClient blob, CancellationToken cancel)
    {
        try
        {
            await blob.UploadAsync(BinaryData.Empty,
                new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } }, cancel);
        }
        catch (RequestFailedException there) when (there.Status is 409 or 412)
        {
            return; // Another bot made it at the same moment.
        }
    }

    /// <summary>Recordings that have a session.json, oldest first (ids sort by time).</summary>
    public async Task<IReadOnlyList<StoredManifest>> ListManifestsAsync(CancellationToken cancel)
    {
        List<StoredManifest> found = [];
        try
        {
            await foreach (BlobHierarchyItem folder in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", null,
                cancel))
            {
                if (!folder.IsPrefix || !RecordingId.TryParse(folder.Prefix.TrimEnd('/'), out RecordingId recording)) continue;
                if (await TryReadManifestAsync(recording, cancel) is { } there) found.Add(there);
            }
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return [];
        }
        return found;
    }

    // One that cannot be read, or that the service does not give (archived, damaged), keeps nobody from finding the others.
    private async Task<StoredManifest?> TryReadManifestAsync(RecordingId recording, CancellationToken cancel)
    {
        try
        {
            return await ReadManifestAsync(recording, cancel);
        }
        catch (Exception unreadable) when (unreadable is JsonException or RequestFailedException { Status: > 0 })
        {
            return null;
        }
    }

    /// <summary>
    /// The recording's segments that lie here, each as its own metadata tells. A blob that does not explain itself is left out.
    /// </summary>
    public async Task<IReadOnlyList<SegmentReady>> ListSegmentsAsync(RecordingId recording, CancellationToken cancel)
    {
        List<SegmentReady> found = [];
        await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, $"{recording}/", cancel))
        {
            if (!BlobPaths.TryParseSegment(blob.Name, out SegmentKey key)
                || !blob.Metadata.TryGetValue(SegmentMetadata.Key, out string? text)) continue;
            if (SegmentMetadata.TryRead(text, out SegmentReady? message) && message.Key == key && message.BlobName == blob.Name)
                found.Add(message);
        }
        return found;
    }

    private async Task SendAsync(string queue, string message, CancellationToken cancel)
    {
        using CancellationTokenSource limit = Limit(options.CallTimeout, cancel);
        try
        {
            // -1: a message waits for a functions app that is away for longer than the default of 7 days.
            await queues.GetQueueClient(queue)
                .SendMessageAsync(message, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: limit.Token);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            await EnsureCreatedAsync(cancel);
            throw;
        }
    }

    private BlobLeaseClient Lease(RecordingId recording, string leaseId) =>
        container.GetBlobClient(BlobPaths.Manifest(recording)).GetBlobLeaseClient(leaseId);

    private static CancellationTokenSource Limit(TimeSpan limit, CancellationToken cancel)
    {
        CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        linked.CancelAfter(limit);
        return linked;
    }

    private static async Task IgnoreForbidden<T>(Func<Task<T>> create)
    {
        try
        {
            await create();
        }
        catch (RequestFailedException refused) when (refused.Status == 403)
        {
            return;
        }
    }
}
