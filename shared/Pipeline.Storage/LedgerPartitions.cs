using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>
/// What may be known of the ledger table without knowing its rows: one partition per recording, and a partition that lists
/// those that are not finalized. So the recording API can ask whether the pipeline looks after a recording, and delete its traces.
/// </summary>
public sealed class LedgerPartitions(StorageClients clients)
{
    /// <summary>Partition of the recordings that are not finalized; the row key is the recording.</summary>
    public const string Live = "live";

    /// <summary>Row key of what the ledger knows of the recording itself.</summary>
    public const string RecordingKey = "recording";

    /// <summary>Row key of the bot's last account.</summary>
    public const string ManifestKey = "manifest";

    /// <summary>Row key of a segment that cannot be moved: this, and as <see cref="MovedSegments.RowKey"/>.</summary>
    public const string FaultPrefix = "fault-";

    /// <summary>Row key of somebody who is erased from the recording: this, and the user's id.</summary>
    public const string ErasedPrefix = "erased-";

    /// <summary>When, in such a row.</summary>
    public const string ErasedAtColumn = "At";

    /// <summary>Column of the recording's row: how many segments the last finalize named.</summary>
    public const string FinalizedCountColumn = "FinalizedCount";

    /// <summary>Column of the recording's row: how many segments the bot's account named then.</summary>
    public const string AnnouncedCountColumn = "AnnouncedCount";

    private const string ManifestColumn = "Data";
    private const int UpdateTries = 8;

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.LedgerTable);

    /// <summary>True when a message of the pipeline ever spoke of this recording.</summary>
    public async Task<bool> HoldsAsync(RecordingId recording, CancellationToken cancellation) =>
        await IsThereAsync(Live, recording.ToString(), cancellation)
            || await IsThereAsync(recording.ToString(), RecordingKey, cancellation);

    /// <summary>Takes a recording from the list and deletes some rows of its partition; repeating it is no fault.</summary>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public async Task<int> DeleteSomeAsync(RecordingId recording, int most, CancellationToken cancellation)
    {
        await table.DeleteEntityAsync(Live, recording.ToString(), ETag.All, cancellation);
        return await PartitionEraser.DeleteSomeAsync(table, recording.ToString(), isKept: null, most, cancellation);
    }

    /// <summary>How many rows of segments the ledger has of a person, and their samples.</summary>
    public async Task<(int Segments, long Samples)> CountPersonAsync(RecordingId recording, ulong userId, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recording.ToString(), MovedSegments.RowPrefix + MovedSegments.PersonPart(userId));
        (int segments, long samples) = (0, 0);
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: ["SampleCount"], cancellationToken: cancellation))
            (segments, samples) = (segments + 1, samples + (row.GetInt64("SampleCount") ?? 0));
        return (segments, samples);
    }

    /// <summary>
    /// Tells the pipeline, where it looks after the recording, that it has nothing more to wait for of a person; repeating it is no fault.
    /// </summary>
    public async Task MarkErasedAsync(RecordingId recording, ulong userId, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!await HoldsAsync(recording, cancellation)) return;
        string key = string.Create(CultureInfo.InvariantCulture, $"{ErasedPrefix}{userId}");
        if (await IsThereAsync(recording.ToString(), key, cancellation)) return;
        TableEntity row = new(recording.ToString(), key) { [ErasedAtColumn] = now };
        await table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellation);
    }

    /// <summary>
    /// Deletes what the ledger knows of a person in a recording; repeating it is no fault. The bot's last account stays, without them: a
    /// segment of somebody else that comes late is told of with it.
    /// </summary>
    public async Task DeletePersonAsync(RecordingId recording, ulong userId, DateTimeOffset now, CancellationToken cancellation)
    {
        string person = MovedSegments.PersonPart(userId);
        // Before the rows go: from here on whatever comes is more than what was finalized.
        bool counted = (await CountPersonAsync(recording, userId, cancellation)).Segments > 0;
        if (counted) await ForgetCountAsync(recording, cancellation);
        await LeaveOutAsync(recording, userId, now, cancellation);
        await PartitionEraser.DeleteAsync(table, recording.ToString(), key =>
            key.StartsWith(MovedSegments.RowPrefix + person, StringComparison.Ordinal)
            || key.StartsWith(FaultPrefix + person, StringComparison.Ordinal), cancellation);
        // A finalize in between has counted rows that are gone now.
        if (counted) await ForgetCountAsync(recording, cancellation);
    }

    /// <summary>
    /// The manifest as gzipped JSON in binary properties Data0, Data1 and so on; without those who opted out, who are the bots' affair and
    /// have no limit.
    /// </summary>
    public static TableEntity Write(SessionManifest manifest)
    {
        byte[] packed = PackedJson.Pack(manifest with { OptedOut = null }, ContractsJsonContext.Default.SessionManifest,
            CompressionLevel.Optimal);
        TableEntity row = new(manifest.Session.RecordingId.ToString(), ManifestKey);
        ChunkedColumns.Write(row, ManifestColumn, packed);
        return row;
    }

    public static SessionManifest? ReadManifest(TableEntity row) =>
        PackedJson.Unpack(ChunkedColumns.Read(row, ManifestColumn), ContractsJsonContext.Default.SessionManifest);

    private async Task ForgetCountAsync(RecordingId recording, CancellationToken cancellation)
    {
        try
        {
            TableEntity none = new(recording.ToString(), RecordingKey) { [FinalizedCountColumn] = 0, [AnnouncedCountColumn] = 0 };
            await table.UpdateEntityAsync(none, ETag.All, TableUpdateMode.Merge, cancellation);
        }
        catch (RequestFailedException gone) when (gone.Status == 404)
        {
            // Nothing was finalized.
        }
    }

    private async Task LeaveOutAsync(RecordingId recording, ulong userId, DateTimeOffset now, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(), ManifestKey,
                cancellationToken: cancellation);
            if (!found.HasValue || (IsWhole(found.Value!, out SessionManifest? manifest) && !manifest.Names(userId))) return;
            try
            {
                if (manifest is null) // nobody can read it, and it may name the person
                    await table.DeleteEntityAsync(recording.ToString(), ManifestKey, found.Value!.ETag, cancellation);
                else await table.UpdateEntityAsync(Write(manifest.Without([userId]) with
                {
                    Consent = manifest.Consent?.WithErased(userId, now),
                }), found.Value!.ETag, TableUpdateMode.Replace, cancellation);
                return;
            }
            catch (RequestFailedException changed) when (changed.Status is 404 or 412 && attempt < UpdateTries)
            {
                // Somebody else wrote in between: look again.
            }
        }
    }

    private static bool IsWhole(TableEntity row, [NotNullWhen(true)] out SessionManifest? manifest)
    {
        try
        {
            manifest = ReadManifest(row);
        }
        catch (Exception damaged) when (damaged is InvalidDataException or JsonException)
        {
            manifest = null;
        }
        return manifest is not null;
    }

    private async Task<bool> IsThereAsync(string partition, string row, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(partition, row, select: ["RowKey"],
            cancellationToken: cancellation);
        return found.HasValue;
    }
}
