using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Delivery.Ledger;

/// <summary>
/// The functions' own table of what was moved, one partition per recording. Writes are such that any of them
/// may be repeated, by two workers at once too, and the rows stay the same.
/// </summary>
public sealed class LedgerTable(StorageClients clients)
{
    private const int UpdateTries = 8;

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.LedgerTable);

    public async Task<LedgerRecording?> FindRecordingAsync(RecordingId recording, CancellationToken cancellation) =>
        await FindAsync(recording, LedgerRows.RecordingKey, cancellation) is { } row ? LedgerRows.ReadRecording(row) : null;

    public async Task<LedgerSegment?> FindSegmentAsync(SegmentKey key, CancellationToken cancellation) =>
        await FindAsync(key.Recording, LedgerRows.SegmentKey(key), cancellation) is { } row ? LedgerRows.ReadSegment(row) : null;

    /// <summary>Adds the recording, listed as unfinished, unless it is there; gives back what is there then.</summary>
    public async Task<LedgerRecording> AddRecordingAsync(LedgerRecording recording, CancellationToken cancellation)
    {
        await RelistAsync(recording, cancellation);
        try
        {
            await table.AddEntityAsync(LedgerRows.Write(recording), cancellation);
        }
        catch (RequestFailedException there) when (there.Status == 409)
        {
            // Another worker was quicker; its row is as good.
        }
        return await FindRecordingAsync(recording.Session.RecordingId, cancellation) ?? recording;
    }

    /// <summary>Reads, changes and writes the recording's row under its version until no other writer interferes.</summary>
    /// <param name="change">May run several times; null leaves the row as it is.</param>
    /// <returns>The row as it is now; null where the recording is unknown.</returns>
    public async Task<LedgerRecording?> UpdateRecordingAsync(RecordingId recording, Func<LedgerRecording, LedgerRecording?> change,
        CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            LedgerRecording? current = await FindRecordingAsync(recording, cancellation);
            if (current is null || change(current) is not { } next || next == current) return current;
            try
            {
                await table.UpdateEntityAsync(LedgerRows.Write(next), LedgerRows.EtagOf(current), TableUpdateMode.Replace, cancellation);
                return next;
            }
            catch (RequestFailedException changed) when (changed.Status == 412 && attempt < UpdateTries)
            {
                // Somebody else wrote in between: look again.
            }
        }
    }

    /// <summary>Adds a segment's row; where there is one already, that one stands and is given back.</summary>
    public async Task<LedgerSegment> AddSegmentAsync(LedgerSegment segment, CancellationToken cancellation)
    {
        try
        {
            await table.AddEntityAsync(LedgerRows.Write(segment), cancellation);
            return segment;
        }
        catch (RequestFailedException there) when (there.Status == 409)
        {
            return await FindSegmentAsync(segment.Key, cancellation) ?? segment;
        }
    }

    /// <summary>Replaces a row that is on its way to <see cref="SegmentState.Moved"/>.</summary>
    public Task PutSegmentAsync(LedgerSegment segment, CancellationToken cancellation) =>
        table.UpsertEntityAsync(LedgerRows.Write(segment), TableUpdateMode.Replace, cancellation);

    /// <summary>Notes why a segment cannot be moved; it never hides a row that says it was.</summary>
    public Task PutFaultAsync(SegmentKey key, string reason, CancellationToken cancellation) =>
        table.UpsertEntityAsync(LedgerRows.WriteFault(key, reason), TableUpdateMode.Replace, cancellation);

    /// <summary>Keeps the bot's last account, so that a recording can be amended when the session's files are gone.</summary>
    public Task PutManifestAsync(SessionManifest manifest, CancellationToken cancellation) =>
        table.UpsertEntityAsync(LedgerPartitions.Write(manifest), TableUpdateMode.Replace, cancellation);

    /// <summary>All segments of a recording, by user id, then index, as they come off the table.</summary>
    public IAsyncEnumerable<LedgerSegment> SegmentsAsync(RecordingId recording, CancellationToken cancellation) =>
        SegmentsAsync(recording, 0, 0, ulong.MaxValue, int.MaxValue, cancellation);

    /// <summary>The segments of a user between two indexes, both included.</summary>
    public IAsyncEnumerable<LedgerSegment> SegmentsAsync(RecordingId recording, ulong userId, int first, int last,
        CancellationToken cancellation) => SegmentsAsync(recording, userId, first, userId, last, cancellation);

    /// <summary>Why segments could not be moved.</summary>
    public async Task<IReadOnlyDictionary<SegmentKey, string>> FaultsAsync(RecordingId recording, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recording.ToString(), LedgerRows.FaultPrefix);
        Dictionary<SegmentKey, string> faults = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            faults[LedgerRows.ReadKey(row)] = row.GetString("Reason");
        return faults;
    }

    /// <summary>Who is erased from a recording, and since when.</summary>
    public async Task<IReadOnlyList<(ulong UserId, DateTimeOffset At)>> ErasedAsync(RecordingId recording, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recording.ToString(), LedgerPartitions.ErasedPrefix);
        List<(ulong, DateTimeOffset)> people = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            people.Add((ulong.Parse(row.RowKey[LedgerPartitions.ErasedPrefix.Length..], CultureInfo.InvariantCulture),
                row.GetDateTimeOffset(LedgerPartitions.ErasedAtColumn) ?? default));
        }
        return people;
    }

    /// <summary>The last account of the bot that a finalizer has stored.</summary>
    public async Task<SessionManifest?> FindManifestAsync(RecordingId recording, CancellationToken cancellation) =>
        await FindAsync(recording, LedgerRows.ManifestKey, cancellation) is { } row ? LedgerPartitions.ReadManifest(row) : null;

    /// <summary>Everything about one recording.</summary>
    public async Task<LedgerContent> ReadAsync(RecordingId recording, CancellationToken cancellation)
    {
        LedgerRecording? head = null;
        SessionManifest? manifest = null;
        Dictionary<SegmentKey, LedgerSegment> segments = [];
        Dictionary<SegmentKey, string> faults = [];
        await foreach (TableEntity row in PartitionAsync(recording.ToString(), cancellation))
        {
            if (row.RowKey.StartsWith(LedgerRows.SegmentPrefix, StringComparison.Ordinal))
                segments[LedgerRows.ReadKey(row)] = LedgerRows.ReadSegment(row);
            else if (row.RowKey.StartsWith(LedgerRows.FaultPrefix, StringComparison.Ordinal))
                faults[LedgerRows.ReadKey(row)] = row.GetString("Reason");
            else if (row.RowKey == LedgerRows.ManifestKey) manifest = LedgerPartitions.ReadManifest(row);
            else if (row.RowKey == LedgerRows.RecordingKey) head = LedgerRows.ReadRecording(row);
        }
        return new LedgerContent(head, manifest, segments, faults);
    }

    /// <summary>Recordings that are not finalized, with the time they started.</summary>
    public async IAsyncEnumerable<(RecordingId Recording,
        DateTimeOffset StartedAt)> ListLiveAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (TableEntity row in PartitionAsync(LedgerPartitions.Live, cancellation))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId recording))
                yield return (recording, row.GetDateTimeOffset("StartedAt") ?? default);
        }
    }

    /// <summary>Puts a recording on the list of unfinished ones.</summary>
    public Task RelistAsync(LedgerRecording recording, CancellationToken cancellation)
    {
        TableEntity live = new(LedgerPartitions.Live,
            recording.Session.RecordingId.ToString())
        { ["StartedAt"] = recording.Session.StartedAt };
        return table.UpsertEntityAsync(live, TableUpdateMode.Replace, cancellation);
    }

    /// <summary>Takes a recording from the list of unfinished ones.</summary>
    public Task UnlistAsync(RecordingId recording, CancellationToken cancellation) =>
        table.DeleteEntityAsync(LedgerPartitions.Live, recording.ToString(), ETag.All, cancellation);

    private async IAsyncEnumerable<LedgerSegment> SegmentsAsync(RecordingId recording, ulong fromUser, int fromIndex, ulong toUser,
        int toIndex, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string partition = recording.ToString();
        string from = MovedSegments.RowKey(fromUser, fromIndex), to = MovedSegments.RowKey(toUser, toIndex);
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {from} and RowKey le {to}"),
            cancellationToken: cancellation)) yield return LedgerRows.ReadSegment(row);
    }

    private AsyncPageable<TableEntity> PartitionAsync(string partition, CancellationToken cancellation) =>
        table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {partition}"), cancellationToken: cancellation);

    private async Task<TableEntity?> FindAsync(RecordingId recording, string rowKey, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(), rowKey,
            cancellationToken: cancellation);
        return row.HasValue ? row.Value : null;
    }
}
