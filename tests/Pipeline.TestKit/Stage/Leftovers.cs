using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.Contracts;

namespace Pipeline.TestKit.Stage;

/// <summary>What is still in the temp container and the queues; nothing, when a run is over.</summary>
public static class Leftovers
{
    private static readonly string[] Queues = [StorageNames.RecordingStartedQueue, StorageNames.SegmentReadyQueue,
        StorageNames.RecordingStoppedQueue];

    public static async Task<(int Blobs, int Messages)> CountAsync(string connectionString)
    {
        BlobContainerClient temp = new(connectionString, StorageNames.TempContainer);
        int blobs = 0;
        // A shard's lease belongs to no recording.
        await foreach (BlobItem blob in temp.GetBlobsAsync(cancellationToken: CancellationToken.None))
            blobs += BlobPaths.IsShard(blob.Name) ? 0 : 1;
        int messages = 0;
        await foreach ((_, int count) in CountQueuesAsync(connectionString)) messages += count;
        return (blobs, messages);
    }

    /// <summary>How many messages each queue holds that holds any, hidden ones too.</summary>
    public static async Task<string> TellQueuesAsync(string connectionString)
    {
        List<string> told = [];
        await foreach ((string queue, int count) in CountQueuesAsync(connectionString))
            if (count > 0) told.Add($"{queue} {count}");
        return string.Join(", ", told);
    }

    /// <summary>Waits until nothing is left or time is up.</summary>
    public static async Task<(int Blobs, int Messages)> WaitUntilNoneAsync(string connectionString, TimeSpan timeout)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            (int blobs, int messages) = await CountAsync(connectionString);
            if ((blobs == 0 && messages == 0) || TimeProvider.System.GetElapsedTime(started) > timeout) return (blobs, messages);
            await Task.Delay(500);
        }
    }

    private static async IAsyncEnumerable<(string Queue, int Count)> CountQueuesAsync(string connectionString)
    {
        foreach (string name in Queues.SelectMany(queue => new[] { queue, queue + StorageNames.PoisonSuffix }))
        {
            QueueClient queue = new(connectionString, name);
            if (!await queue.ExistsAsync()) continue;
            QueueProperties properties = await queue.GetPropertiesAsync();
            yield return (name, properties.ApproximateMessagesCount);
        }
    }
}
