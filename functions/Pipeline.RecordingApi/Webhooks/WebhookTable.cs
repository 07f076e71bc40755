using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>
/// All webhooks: those of the settings, and those that servers have put, one row each. Partition: the server, or <c>settings</c> for the
/// state of the former; row: the webhook's id.
/// </summary>
public sealed class WebhookTable(StorageClients clients, WebhookOptions options, TimeProvider time)
{
    /// <summary>The id of the one webhook that a server may put through the API.</summary>
    public const string OfGuild = "guild";

    /// <summary>How long a replaced secret signs too, so that a receiver can change over.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromDays(1);

    private const string SettingsPartition = "settings";

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.WebhooksTable);

    /// <summary>Every webhook that may want an event of a server.</summary>
    public async Task<List<Webhook>> ListAsync(string? guildId, CancellationToken cancellation)
    {
        List<Webhook> found = [];
        foreach (WebhookSetting setting in options.Endpoints) found.Add(await OfSettingsAsync(setting, cancellation));
        if (guildId is not null && await FindOfGuildAsync(guildId, cancellation) is { } own) found.Add(own);
        return found;
    }

    /// <summary>The webhook that a message names; null where it is gone.</summary>
    public async Task<Webhook?> FindAsync(string id, string? guildId, CancellationToken cancellation)
    {
        if (id == OfGuild) return guildId is null ? null : await FindOfGuildAsync(guildId, cancellation);
        WebhookSetting? found = options.Endpoints.FirstOrDefault(setting => setting.Id == id);
        return found is null ? null : await OfSettingsAsync(found, cancellation);
    }

    /// <summary>The webhook that a server has put; null for none.</summary>
    public async Task<Webhook?> FindOfGuildAsync(string guildId, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(guildId, OfGuild,
            cancellationToken: cancellation);
        if (!row.HasValue || AddressOf(row.Value!) is not { } url) return null;
        TableEntity own = row.Value!;
        List<WebhookSecret> secrets = [];
        if (WebhookSecret.TryParse(own.GetString("Secret"), out WebhookSecret secret)) secrets.Add(secret);
        bool overlaps = own.GetDateTimeOffset("OldSecretUntil") is { } until && time.GetUtcNow() < until;
        if (overlaps && WebhookSecret.TryParse(own.GetString("OldSecret"), out WebhookSecret old)) secrets.Add(old);
        return new Webhook
        {
            Id = OfGuild,
            GuildId = guildId,
            Url = url,
            Secrets = secrets,
            Events = own.GetString("Events").Split(' ', StringSplitOptions.RemoveEmptyEntries),
            OffBecause = own.GetString("OffBecause") is { Length: > 0 } off ? off : null,
            Etag = own.ETag.ToString(),
        };
    }

    /// <summary>
    /// Writes a server's webhook, switched on. A second secret is kept as the old one for a day; without one, an old secret that still
    /// signs goes on to its end.
    /// </summary>
    /// <param name="webhook">With the version that it replaces; null: there was none.</param>
    /// <returns>False: somebody else has put or deleted one meanwhile.</returns>
    public async Task<bool> TryPutAsync(Webhook webhook, CancellationToken cancellation)
    {
        TableEntity row = new(webhook.GuildId, OfGuild)
        {
            ["Url"] = webhook.Url.AbsoluteUri,
            ["Events"] = string.Join(' ', webhook.Events),
            ["Secret"] = webhook.Secrets[0].Reveal(),
            ["OffBecause"] = "",
        };
        if (webhook.Secrets.Count > 1)
        {
            row["OldSecret"] = webhook.Secrets[1].Reveal();
            row["OldSecretUntil"] = time.GetUtcNow() + Overlap;
        }
        try
        {
            if (webhook.Etag is { } version)
                await table.UpdateEntityAsync(row, new ETag(version), TableUpdateMode.Merge, cancellation);
            else await table.AddEntityAsync(row, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 409 or 412)
        {
            if (changed.Status == 409) await ClearWayAsync(webhook.GuildId!, cancellation);
            return false;
        }
    }

    // A row without an address is in the way of the next try; one that somebody has put meanwhile stays.
    private async Task ClearWayAsync(string guildId, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(guildId, OfGuild,
            cancellationToken: cancellation);
        if (!row.HasValue || AddressOf(row.Value!) is not null) return;
        try
        {
            await table.DeleteEntityAsync(guildId, OfGuild, row.Value!.ETag, cancellation);
        }
        catch (RequestFailedException changed) when (changed.Status == 412)
        {
            // It is another one by now.
        }
    }

    private static Uri? AddressOf(TableEntity row) => Uri.TryCreate(row.GetString("Url"), UriKind.Absolute, out Uri? url) ? url : null;

    public Task DeleteOfGuildAsync(string guildId, CancellationToken cancellation) =>
        table.DeleteEntityAsync(guildId, OfGuild, ETag.All, cancellation);

    /// <summary>
    /// Switches a webhook off and says why; it stays off until it is put again, or until its address in the settings changes.
    /// </summary>
    /// <returns>False: a server has put another one meanwhile, or none any more.</returns>
    public async Task<bool> TrySwitchOffAsync(Webhook webhook, string because, CancellationToken cancellation)
    {
        bool own = webhook.Id == OfGuild;
        TableEntity row = new(own ? webhook.GuildId : SettingsPartition, own ? OfGuild : webhook.Id) { ["OffBecause"] = because };
        if (!own)
        {
            row["Url"] = webhook.Url.AbsoluteUri;
            await table.UpsertEntityAsync(row, TableUpdateMode.Merge, cancellation);
            return true;
        }
        try
        {
            await table.UpdateEntityAsync(row, new ETag(webhook.Etag!), TableUpdateMode.Merge, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
    }

    private async Task<Webhook> OfSettingsAsync(WebhookSetting setting, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(SettingsPartition, setting.Id,
            cancellationToken: cancellation);
        bool isSame = row.HasValue && row.Value!.GetString("Url") == setting.Url.AbsoluteUri;
        return new Webhook
        {
            Id = setting.Id,
            GuildId = setting.GuildId,
            Url = setting.Url,
            Secrets = [.. setting.Secrets.Select(WebhookSecret.Parse)],
            Events = setting.Events.Count > 0 ? setting.Events : EventTypes.Default,
            OffBecause = isSame ? row.Value!.GetString("OffBecause") : null,
        };
    }
}
