using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Local;

/// <summary>Writes blobs, messages and rows as fast as they are confirmed, remembers what was, and counts what is lost.</summary>
internal sealed class ConfirmedWrites(Random random)
{
    private const string Container = "confirmed", Queue = "confirmed", Table = "confirmed";

    private readonly ConcurrentDictionary<string, int> blobs = new();
    private readonly ConcurrentDictionary<string, bool> messages = new();
    private readonly ConcurrentDictionary<string, int> rows = new();
    private int next;

    public int Count => blobs.Count + messages.Count + rows.Count;

    public static async Task PrepareAsync(Azurite azurite)
    {
        await new BlobContainerClient(azurite.ConnectionString, Container).CreateIfNotExistsAsync();
        await new QueueClient(azurite.ConnectionString, Queue).CreateIfNotExistsAsync();
        await new TableClient(azurite.ConnectionString, Table).CreateIfNotExistsAsync();
    }

    /// <summary>Until the emulator is gone.</summary>
    public Task WriteAsync(Azurite azurite, CancellationToken gone)
    {
        BlobContainerClient container = new(azurite.ConnectionString, Container, Hasty(new BlobClientOptions()));
        QueueClient queue = new(azurite.ConnectionString, Queue, Hasty(new QueueClientOptions()));
        TableClient table = new(azurite.ConnectionString, Table, Hasty(new TableClientOptions()));
        return Task.WhenAll(
            UntilAsync(() => PutBlobAsync(container), gone), UntilAsync(() => PutBlobAsync(container), gone),
            UntilAsync(() => SendAsync(queue), gone), UntilAsync(() => PutRowAsync(table), gone));
    }

    /// <summary>What was confirmed and is not there, or is not what was confirmed last.</summary>
    public async Task<(int Blobs, int Messages, int Rows)> CountLostAsync(Azurite azurite)
    {
        BlobContainerClient container = new(azurite.ConnectionString, Container);
        Dictionary<string, long> foundBlobs = [];
        await foreach (BlobItem blob in container.GetBlobsAsync()) foundBlobs[blob.Name] = blob.Properties.ContentLength ?? 0;
        int lostBlobs = 0;
        foreach ((string name, int length) in blobs)
        {
            if (foundBlobs.GetValueOrDefault(name, -1) != length || !await IsReadableAsync(container, name, length)) lostBlobs++;
        }
        HashSet<string> foundMessages = [];
        QueueClient queue = new(azurite.ConnectionString, Queue);
        while ((await queue.ReceiveMessagesAsync(32, TimeSpan.FromSeconds(120))).Value is { Length: > 0 } received)
        {
            foreach (QueueMessage message in received) foundMessages.Add(message.MessageText);
        }
        await queue.ClearMessagesAsync();
        Dictionary<string, int> foundRows = [];
        await foreach (TableEntity row in new TableClient(azurite.ConnectionString, Table).QueryAsync<TableEntity>())
            foundRows[row.RowKey] = row.GetInt32("Value") ?? -1;
        return (lostBlobs, messages.Keys.Count(text => !foundMessages.Contains(text)),
            rows.Count(row => foundRows.GetValueOrDefault(row.Key, -1) < row.Value));
    }

    public void Forget()
    {
        blobs.Clear();
        messages.Clear();
        rows.Clear();
    }

    private static T Hasty<T>(T options) where T : Azure.Core.ClientOptions
    {
        options.Retry.MaxRetries = 0;
        return options;
    }

    private static async Task UntilAsync(Func<Task> write, CancellationToken gone)
    {
        while (!gone.IsCancellationRequested)
        {
            try
            {
                await write();
            }
            catch (Exception cut) when (cut is RequestFailedException or IOException or AggregateException)
            {
                return; // Killed: this one was not confirmed.
            }
        }
    }

    private async Task PutBlobAsync(BlobContainerClient container)
    {
        int length;
        lock (random) length = random.Next(1, 50_000);
        // Some are written again, with another length.
        string name = $"{Interlocked.Increment(ref next) % 400}";
        blobs.TryRemove(name, out _);
        await container.GetBlobClient(name).UploadAsync(new BinaryData(new byte[length]), overwrite: true);
        blobs[name] = length;
    }

    private async Task SendAsync(QueueClient queue)
    {
        string text = $"{Interlocked.Increment(ref next)}";
        await queue.SendMessageAsync(text);
        messages[text] = true;
    }

    private async Task PutRowAsync(TableClient table)
    {
        int value = Interlocked.Increment(ref next);
        string key = $"{value % 300}";
        await table.UpsertEntityAsync(new TableEntity("p", key) { ["Value"] = value });
        rows[key] = value;
    }

    private static async Task<bool> IsReadableAsync(BlobContainerClient container, string name, int length)
    {
        try
        {
            return (await container.GetBlobClient(name).DownloadContentAsync()).Value.Content.ToMemory().Length == length;
        }
        catch (RequestFailedException)
        {
            return false;
        }
    }
}
