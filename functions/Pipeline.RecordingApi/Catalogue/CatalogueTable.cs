using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>The recording API's own tables. Segment sets are immutable and become visible by one write of the recording's row.</summary>
public sealed class CatalogueTable(StorageClients clients)
{
    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.CatalogueTable);

    /// <summary>The recording, or null for one that never was. A deleted one leaves a row without content behind.</summary>
    public async Task<CatalogueEntry> FindAsync(string recordingId, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recordingId, CatalogueRows.RecordingKey,
            cancellationToken: cancellation);
        if (!row.HasValue) return CatalogueEntry.Unknown;
        return CatalogueRows.Read(row.Value!) is { } recording ? new CatalogueEntry(recording, false) : CatalogueEntry.Deleted;
    }

    /// <summary>Adds a new recording; false when it was there already.</summary>
    public async Task<bool> TryAddAsync(CatalogueRecording recording, CancellationToken cancellation)
    {
        RecordingDetails details = recording.Details;
        // The lists come first: a row there without its recording is passed over, a recording without it would never be found.
        await table.UpsertEntityAsync(
            new TableEntity(CatalogueRows.GuildPartition(details.GuildId), CatalogueRows.GuildRow(details.RecordedAt, details.Id)),
            TableUpdateMode.Replace, cancellation);
        await table.UpsertEntityAsync(new TableEntity(CatalogueRows.LivePartition, details.Id) { ["RecordedAt"] = details.RecordedAt },
            TableUpdateMode.Replace, cancellation);
        try
        {
            await table.AddEntityAsync(CatalogueRows.Write(recording), cancellation);
            return true;
        }
        catch (RequestFailedException there) when (there.Status == 409)
        {
            return false;
        }
    }

    /// <summary>Writes the recording's row under the version that was read; false when somebody else wrote in between.</summary>
    public async Task<bool> TryUpdateAsync(CatalogueRecording recording, CancellationToken cancellation)
    {
        try
        {
            await table.UpdateEntityAsync(CatalogueRows.Write(recording), new ETag(recording.Etag!), TableUpdateMode.Replace, cancellation);
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
        if (recording.Details.Status != RecordingStatus.Live)
            await table.DeleteEntityAsync(CatalogueRows.LivePartition, recording.Details.Id, ETag.All, cancellation);
        return true;
    }

    /// <summary>Writes segments of a set, a hundred rows per request; repeating it is no fault.</summary>
    /// <param name="first">Number of the first of them in the set.</param>
    public async Task WriteSegmentsAsync(string recordingId, string set, IEnumerable<RecordingSegment> segments,
        CancellationToken cancellation, int first = 0)
    {
        IEnumerable<TableEntity> rows =
            segments.Select((segment, number) => CatalogueRows.WriteSegment(recordingId, set, first + number, segment));
        ParallelOptions width = new() { MaxDegreeOfParallelism = 4, CancellationToken = cancellation };
        await Parallel.ForEachAsync(rows.Chunk(PartitionEraser.BatchLength), width, async (batch, stop) =>
            await table.SubmitTransactionAsync(
                batch.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)), stop));
    }

    /// <summary>A set's segments in the order of their numbers.</summary>
    /// <param name="most">No more than so many, from the first on.</param>
    public async Task<List<RecordingSegment>> ReadSegmentsAsync(string recordingId, string set, CancellationToken cancellation,
        int most = int.MaxValue)
    {
        string filter = RowFilter.Prefix(recordingId, CatalogueRows.SegmentPrefix(set));
        List<RecordingSegment> segments = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            segments.Add(CatalogueRows.ReadSegment(row));
            if (segments.Count == most) break;
        }
        return segments;
    }

    /// <summary>The segments of a set from one number on, as they come off the table.</summary>
    public async IAsyncEnumerable<RecordingSegment> ReadSegmentsFromAsync(string recordingId, string set, int number,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        string filter = RowFilter.Range(recordingId, CatalogueRows.SegmentRow(set, number),
            RowFilter.Behind(CatalogueRows.SegmentPrefix(set)));
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            yield return CatalogueRows.ReadSegment(row);
    }

    /// <summary>The segment of a set with this number; null past the end.</summary>
    public async Task<RecordingSegment?> FindSegmentAsync(string recordingId, string set, int number, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recordingId,
            CatalogueRows.SegmentRow(set, number), cancellationToken: cancellation);
        return row.HasValue ? CatalogueRows.ReadSegment(row.Value!) : null;
    }

    /// <summary>Deletes the segment rows of a set; repeating it is no fault.</summary>
    public Task DeleteSegmentsAsync(string recordingId, string set, CancellationToken cancellation) =>
        PartitionEraser.DeleteAsync(table, recordingId, key =>
            key.StartsWith(CatalogueRows.SegmentPrefix(set), StringComparison.Ordinal), cancellation);

    /// <summary>
    /// Deletes some people's rows of a set, or of every set that a recording has ever had; repeating it is no fault. Of one that is
    /// announced and not complete they stay until it is: its files are named by their place in it.
    /// </summary>
    public async Task DeleteOfPeopleAsync(string recordingId, string? set, IReadOnlySet<ulong> people, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recordingId, set is null ? CatalogueRows.AnySegment : CatalogueRows.SegmentPrefix(set));
        HashSet<string> names = [.. people.Select(user => user.ToString(CultureInfo.InvariantCulture))];
        HashSet<string> theirs = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            bool isAnnounced = row.RowKey.StartsWith(CatalogueRows.AnnouncedSegment, StringComparison.Ordinal);
            if (!isAnnounced && names.Contains(CatalogueRows.ReadSegment(row).UserId)) theirs.Add(row.RowKey);
        }
        if (theirs.Count > 0) await PartitionEraser.DeleteAsync(table, recordingId, theirs.Contains, cancellation);
    }

    /// <summary>A page of a server's recordings, newest first.</summary>
    /// <param name="cursor">Where the page before ended; null for the first.</param>
    public async Task<(List<CatalogueRecording> Recordings, string? NextCursor)> ListAsync(string guildId, int limit, string? cursor,
        CancellationToken cancellation)
    {
        string partition = CatalogueRows.GuildPartition(guildId);
        string filter = cursor is null
            ? TableClient.CreateQueryFilter($"PartitionKey eq {partition}")
            : TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey gt {cursor}");
        List<CatalogueRecording> found = [];
        await foreach (Page<TableEntity> page in table.QueryAsync<TableEntity>(filter, maxPerPage: limit, cancellationToken: cancellation)
            .AsPages())
        {
            CatalogueRecording?[] read = await Task.WhenAll(page.Values.Select(row => ResolveAsync(row, cancellation)));
            for (int i = 0; i < read.Length; i++)
            {
                if (read[i] is { } recording) found.Add(recording);
                if (found.Count == limit) return (found, page.Values[i].RowKey);
            }
        }
        return (found, null);
    }

    /// <summary>Recordings that are not finished, with the time they started.</summary>
    public async IAsyncEnumerable<(string RecordingId,
        DateTimeOffset RecordedAt)> ListLiveAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {CatalogueRows.LivePartition}");
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            yield return (row.RowKey, row.GetDateTimeOffset("RecordedAt") ?? default);
        }
    }

    /// <summary>Takes a recording from the list of unfinished ones.</summary>
    public Task UnlistAsync(string recordingId, CancellationToken cancellation) =>
        table.DeleteEntityAsync(CatalogueRows.LivePartition, recordingId, ETag.All, cancellation);

    // A list row may outlive its recording, or belong to a first try with another start time: only the true one counts.
    private async Task<CatalogueRecording?> ResolveAsync(TableEntity row, CancellationToken cancellation)
    {
        CatalogueEntry entry = await FindAsync(CatalogueRows.RecordingOfGuildRow(row.RowKey), cancellation);
        return entry.Recording is { } recording && CatalogueRows.GuildRow(recording.Details.RecordedAt, recording.Details.Id) == row.RowKey
            ? recording : null;
    }
}

/// <summary>What the catalogue has under an id.</summary>
public readonly record struct CatalogueEntry(CatalogueRecording? Recording, bool IsDeleted)
{
    public static CatalogueEntry Unknown => default;
    public static CatalogueEntry Deleted => new(null, true);
}
