using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>
/// The table of what the pipeline could not settle alone. A message that failed too often is tried again a few times;
/// after that its text is kept here for a person, and the health answer counts it.
/// </summary>
public sealed class Reports(StorageClients clients, TimeProvider time)
{
    private const string PoisonPartition = "poison";
    private const string RecordingPartition = "recording";

    // A string property holds 32 Ki characters and a message 64 KiB.
    private const int ChunkLength = 30 * 1024;

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.ReportsTable);

    /// <summary>How often a message was driven back into its queue, and when last; (0, null) for one never seen.</summary>
    public async Task<PoisonHistory> HistoryAsync(PoisonMessage message, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(PoisonPartition,
            KeyOf(message.Queue, message.Text), cancellationToken: cancellation);
        return row.HasValue ? new PoisonHistory(row.Value!.GetInt32("Redrives") ?? 0, row.Value.GetDateTimeOffset("LastSeen"))
            : new PoisonHistory(0, null);
    }

    /// <summary>Writes down that a message is driven back once more, or that it is given up.</summary>
    public async Task WriteAsync(PoisonMessage message, int redrives, bool givenUp, CancellationToken cancellation)
    {
        TableEntity row = new(PoisonPartition, KeyOf(message.Queue, message.Text))
        {
            ["Queue"] = message.Queue,
            ["Redrives"] = redrives,
            ["GivenUp"] = givenUp,
            ["LastSeen"] = time.GetUtcNow(),
        };
        for (int start = 0; givenUp && start < message.Text.Length; start += ChunkLength)
        {
            row[TextColumn(start / ChunkLength)] = message.Text.Substring(start, Math.Min(ChunkLength, message.Text.Length - start));
        }
        await table.UpsertEntityAsync(row, TableUpdateMode.Merge, cancellation);
    }

    /// <summary>Notes something about a recording that a person should know; the same note again changes nothing but its time.</summary>
    /// <param name="subject">What of the recording: a segment's key, a user's id, a file.</param>
    /// <param name="reason">One word, as in missing segments, or more.</param>
    public Task WriteAsync(RecordingId recording, string subject, string reason, CancellationToken cancellation)
    {
        TableEntity row = new(RecordingPartition, $"{recording}-{KeyOf(subject, reason)}")
        {
            ["Recording"] = recording.ToString(),
            ["Subject"] = subject,
            ["Reason"] = reason,
            ["LastSeen"] = time.GetUtcNow(),
        };
        return table.UpsertEntityAsync(row, TableUpdateMode.Merge, cancellation);
    }

    /// <summary>
    /// Forgets what was noted about a recording, and messages about it that were given up; its blobs' names are made of people's names.
    /// </summary>
    public async Task DeleteAsync(RecordingId recording, CancellationToken cancellation)
    {
        await DeleteNotesAsync(recording, static _ => true, cancellation);
        await DeleteGivenUpAsync(text => text.Contains(recording.ToString(), StringComparison.Ordinal), cancellation);
    }

    /// <summary>
    /// The same of one person in a recording. A given-up stop that names them is not needed: the sweep ends the recording.
    /// </summary>
    public async Task DeletePersonAsync(RecordingId recording, ulong userId, CancellationToken cancellation)
    {
        string user = userId.ToString(CultureInfo.InvariantCulture);
        await DeleteNotesAsync(recording, subject => subject == $"user {user}"
            || subject.StartsWith($"{recording}/{user}/", StringComparison.Ordinal)
            || (BlobPaths.TryParseSegment(subject, out SegmentKey key) && key.UserId == userId), cancellation);
        await DeleteGivenUpAsync(text => text.Contains(recording.ToString(), StringComparison.Ordinal)
            && text.Contains($"\"{user}\"", StringComparison.Ordinal), cancellation);
    }

    /// <summary>Messages given up, and notes about recordings.</summary>
    public async Task<(int GivenUpMessages, int Recordings)> CountAsync(CancellationToken cancellation)
    {
        int messages = 0, recordings = 0;
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(select: ["PartitionKey", "RowKey", "GivenUp"],
            cancellationToken: cancellation))
        {
            if (row.PartitionKey == RecordingPartition) recordings++;
            else if (row.GetBoolean("GivenUp") == true) messages++;
        }
        return (messages, recordings);
    }

    private async Task DeleteNotesAsync(RecordingId recording, Func<string, bool> isOf, CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {RecordingPartition} and RowKey gt {$"{recording}-"} and RowKey lt {$"{recording}."}");
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey", "Subject"],
            cancellationToken: cancellation))
        {
            if (isOf(row.GetString("Subject") ?? ""))
                await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellation);
        }
    }

    // There are few: each was tried for hours.
    private async Task DeleteGivenUpAsync(Func<string, bool> isOf, CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {PoisonPartition} and GivenUp eq true");
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            StringBuilder text = new();
            for (int chunk = 0; row.GetString(TextColumn(chunk)) is { } part; chunk++) text.Append(part);
            if (isOf(text.ToString())) await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellation);
        }
    }

    private static string TextColumn(int chunk) => string.Create(CultureInfo.InvariantCulture, $"Text{chunk}");

    private static string KeyOf(string first, string second) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{first}\n{second}")));
}

/// <summary>What is known of a poison message.</summary>
public readonly record struct PoisonHistory(int Redrives, DateTimeOffset? LastSeen);
