using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Guilds;

/// <summary>
/// Settings of servers: one row for what was chosen, and one for each person who does not want to be recorded, so that many may say so at
/// once and none is lost, and the list has no limit.
/// </summary>
public sealed class GuildSettingsTable(StorageClients clients)
{
    private const string RowKey = "settings";
    private const string PersonPrefix = "out-";
    private const int LargestTransaction = 100; // Azure Tables: entity group transactions

    /// <summary>Bytes of what was chosen, beside the people: Azure Tables holds no more in one property.</summary>
    public const int LongestChoice = 64 * 1024;

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.SettingsTable);

    /// <summary>Bytes that settings take in their row.</summary>
    public static int LengthOf(GuildSettings settings) => Choice(settings).Length;

    /// <summary>What the server has chosen; the defaults where it has chosen nothing.</summary>
    public async Task<StoredGuildSettings> ReadAsync(ulong guildId, CancellationToken cancellation)
    {
        string partition = Partition(guildId);
        GuildSettings settings = new();
        ETag? etag = null;
        SortedSet<string> people = new(StringComparer.Ordinal);
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(one =>
            one.PartitionKey == partition, cancellationToken: cancellation))
        {
            if (row.RowKey.StartsWith(PersonPrefix, StringComparison.Ordinal)) people.Add(row.RowKey[PersonPrefix.Length..]);
            else if (row.RowKey == RowKey && row.GetBinary("Json") is { } json)
                (settings, etag) = (JsonSerializer.Deserialize(json, ApiJsonContext.Default.GuildSettings) ?? new GuildSettings(),
                row.ETag);
        }
        // Rows of an older version hold the list themselves.
        people.UnionWith(settings.OptedOutUserIds ?? []);
        return new StoredGuildSettings(settings with { OptedOutUserIds = [.. people] }, etag,
            IsOfOlderVersion: settings.OptedOutUserIds is { Count: > 0 });
    }

    /// <summary>
    /// Replaces what <paramref name="before"/> was. False: somebody else has done so meanwhile. People who have opted out since then stay.
    /// </summary>
    public async Task<bool> TryWriteAsync(ulong guildId, StoredGuildSettings before, GuildSettings settings, CancellationToken cancellation)
    {
        string[] added = [.. settings.OptedOutUserIds.Distinct().Except(before.IsOfOlderVersion ? [] : before.Settings.OptedOutUserIds)];
        foreach (string[] some in added.Chunk(LargestTransaction))
        {
            await table.SubmitTransactionAsync(
                some.Select(user =>
                new TableTransactionAction(TableTransactionActionType.UpsertReplace,
                new TableEntity(Partition(guildId), PersonPrefix + user))), cancellation);
        }
        TableEntity row = new(Partition(guildId), RowKey) { ["Json"] = Choice(settings) };
        try
        {
            if (before.Etag is { } etag) await table.UpdateEntityAsync(row, etag, TableUpdateMode.Replace, cancellation);
            else await table.AddEntityAsync(row, cancellation);
        }
        catch (RequestFailedException conflict) when (conflict.Status is 409 or 412 or 404)
        {
            return false;
        }
        foreach (string user in before.Settings.OptedOutUserIds.Except(settings.OptedOutUserIds))
            await RemoveAsync(guildId, user, cancellation);
        return true;
    }

    /// <summary>May be repeated.</summary>
    public async Task SetOptOutAsync(ulong guildId, ulong userId, bool optedOut, CancellationToken cancellation)
    {
        string user = userId.ToString(CultureInfo.InvariantCulture);
        if (optedOut)
        {
            await table.UpsertEntityAsync(new TableEntity(Partition(guildId), PersonPrefix + user), TableUpdateMode.Replace, cancellation);
            return;
        }
        while (await ReadAsync(guildId, cancellation) is { IsOfOlderVersion: true } before
            && !await TryWriteAsync(guildId, before, before.Settings, cancellation))
        {
            // Another request moves the old list into rows; then there is nothing left to do.
        }
        await RemoveAsync(guildId, user, cancellation);
    }

    private Task<Response> RemoveAsync(ulong guildId, string user, CancellationToken cancellation) =>
        table.DeleteEntityAsync(Partition(guildId), PersonPrefix + user, ETag.All, cancellation); // 404 is no fault to this client

    private static byte[] Choice(GuildSettings settings) =>
        JsonSerializer.SerializeToUtf8Bytes(settings with { OptedOutUserIds = [] }, ApiJsonContext.Default.GuildSettings);

    private static string Partition(ulong guildId) => guildId.ToString(CultureInfo.InvariantCulture);
}
