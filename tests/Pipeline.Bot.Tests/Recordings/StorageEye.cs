using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>
/// What lies in the storage, seen by a client of its own. Tests share queues: each is shown its own recording's messages only.
/// </summary>
internal sealed class StorageEye(string connectionString)
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static readonly List<(Uri Queue, string Text)> Seen = [];

    private readonly BlobContainerClient container = new(connectionString, StorageNames.TempContainer);
    private readonly QueueServiceClient queues = new(connectionString,
        new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });

    public async Task CreateAsync()
    {
        await container.CreateIfNotExistsAsync();
        foreach (string name in new[] { StorageNames.RecordingStartedQueue, StorageNames.SegmentReadyQueue,
            StorageNames.RecordingStoppedQueue })
            await queues.GetQueueClient(name).CreateIfNotExistsAsync();
    }

    public BlobClient Blob(string name) => container.GetBlobClient(name);

    public async Task<Dictionary<string, byte[]>> BlobsAsync(RecordingId recording)
    {
        Dictionary<string, byte[]> found = [];
        await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{recording}/", default))
            found[blob.Name] = (await container.GetBlobClient(blob.Name).DownloadContentAsync()).Value.Content.ToArray();
        return found;
    }

    public async Task<int> CountSegmentsAsync(RecordingId recording)
    {
        int count = 0;
        await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{recording}/", default))
            count += BlobPaths.TryParseSegment(blob.Name, out _) ? 1 : 0;
        return count;
    }

    public async Task<SessionManifest?> ManifestAsync(RecordingId recording)
    {
        BlobClient blob = container.GetBlobClient(BlobPaths.Manifest(recording));
        if (!await blob.ExistsAsync()) return null;
        return JsonSerializer.Deserialize((await blob.DownloadContentAsync()).Value.Content, ContractsJsonContext.Default.SessionManifest);
    }

    public Task<IReadOnlyList<SegmentReady>> SegmentsAsync(RecordingId recording) =>
        MessagesAsync(StorageNames.SegmentReadyQueue, ContractsJsonContext.Default.SegmentReady, message =>
            message.Session.RecordingId == recording);

    public Task<IReadOnlyList<RecordingStarted>> StartedAsync(RecordingId recording) =>
        MessagesAsync(StorageNames.RecordingStartedQueue, ContractsJsonContext.Default.RecordingStarted, message =>
            message.Session.RecordingId == recording);

    public Task<IReadOnlyList<RecordingStopped>> StoppedAsync(RecordingId recording) =>
        MessagesAsync(StorageNames.RecordingStoppedQueue, ContractsJsonContext.Default.RecordingStopped, message =>
            message.Session.RecordingId == recording);

#pragma warning disable CA5351 // Content-MD5 is what the service speaks.
    public static string Md5(byte[] content) => Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351

    /// <summary>The chain over (index, bytes) in index order, computed from the stored bytes.</summary>
    public static string Chain(IEnumerable<(int Index, byte[] Content)> segments) =>
        segments.OrderBy(segment => segment.Index)
            .Aggregate(SegmentChain.Empty, (chain, segment) => SegmentChain.Append(chain, segment.Index, Md5(segment.Content)));

    // The one who looks takes everything there is, for all tests of this process, so that no message is out of sight while another test
    // holds it.
    private async Task<IReadOnlyList<T>> MessagesAsync<T>(string queue, JsonTypeInfo<T> type, Func<T, bool> isOurs)
    {
        QueueClient client = queues.GetQueueClient(queue);
        await Gate.WaitAsync();
        try
        {
            while ((await client.ReceiveMessagesAsync(32, TimeSpan.FromSeconds(30))).Value is { Length: > 0 } batch)
            {
                foreach (QueueMessage message in batch)
                {
                    Seen.Add((client.Uri, message.MessageText));
                    await client.DeleteMessageAsync(message.MessageId, message.PopReceipt);
                }
            }
            return [.. Seen.Where(message => message.Queue == client.Uri).Select(message => JsonSerializer.Deserialize(message.Text, type)!)
                .Where(isOurs)];
        }
        finally
        {
            Gate.Release();
        }
    }
}
