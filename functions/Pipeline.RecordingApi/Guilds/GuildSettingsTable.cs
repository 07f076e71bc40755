using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Guilds;

/// <summary>Settings of servers, one row each.</summary>
public sealed class GuildSettingsTable(StorageClients clients)
{
    private const string RowKey = "settings";
    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.SettingsTable);

    /// <summary>What the server has chosen; the defaults where it has chosen nothing.</summary>
    public async Task<GuildSettings> ReadAsync(ulong guildId, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(Partition(guildId), RowKey, cancellationToken: cancellation);
        if (!row.HasValue || row.Value!.GetBinary("Json") is not { } json) return new GuildSettings();
        return JsonSerializer.Deserialize(json, ApiJsonContext.Default.GuildSettings) ?? new GuildSettings();
    }

    public Task WriteAsync(ulong guildId, GuildSettings settings, CancellationToken cancellation)
    {
        TableEntity row = new(Partition(guildId), RowKey) { ["Json"] = JsonSerializer.SerializeToUtf8Bytes(settings, ApiJsonContext.Default.GuildSettings) };
        return table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellation);
    }

    private static string Partition(ulong guildId) => guildId.ToString(CultureInfo.InvariantCulture);
}
