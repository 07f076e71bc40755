using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.ServerSettings;

/// <summary>
/// A server's settings: asked from the recording API, kept on disk as last known, so that the API's absence never decides whether
/// somebody may record or is recorded. What was changed while it was away is written there first when it is back.
/// </summary>
/// <param name="folder">Where the last-known copies lie, one file per guild.</param>
public sealed class GuildSettingsStore(RecordingApiClient api, string folder, TimeProvider time, ILogger<GuildSettingsStore> log)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ulong, Entry> entries = new();

    /// <summary>The settings as the API has them, or the last known ones with <see cref="KnownSettings.IsLastKnown"/>. Never throws for the API.</summary>
    public async Task<KnownSettings> GetAsync(ulong guildId, CancellationToken cancellationToken)
    {
        Entry entry = entries.GetOrAdd(guildId, Load);
        if (entry.FetchedAt is { } at && time.GetElapsedTime(at) < Freshness) return new KnownSettings(entry.Copy.Settings, IsLastKnown: entry.Copy.Unsaved);
        if (entry.Copy.Unsaved) return new KnownSettings(entry.Copy.Settings, IsLastKnown: !await PushAsync(guildId, entry, cancellationToken));
        try
        {
            GuildSettings settings = await api.GetSettingsAsync(guildId, cancellationToken) ?? new GuildSettings();
            Keep(guildId, new StoredSettings { Settings = settings }, time.GetTimestamp());
            return new KnownSettings(settings, IsLastKnown: false);
        }
        catch (RecordingApiException problem)
        {
            log.SettingsAway(guildId, problem.Message);
            return new KnownSettings(entry.Copy.Settings, IsLastKnown: true);
        }
    }

    /// <summary>The copy at hand, without asking anybody.</summary>
    public GuildSettings LastKnown(ulong guildId) => entries.GetOrAdd(guildId, Load).Copy.Settings;

    /// <summary>Whether the person wants no recording in this server, by the copy at hand.</summary>
    public bool IsOptedOut(ulong guildId, ulong userId) => new KnownSettings(LastKnown(guildId), IsLastKnown: true).IsOptedOut(userId);

    /// <summary>Changes the settings here and there. False: the API is away; the change holds here and is written there later.</summary>
    public async Task<bool> ChangeAsync(ulong guildId, Func<GuildSettings, GuildSettings> change, CancellationToken cancellationToken)
    {
        KnownSettings known = await GetAsync(guildId, cancellationToken);
        Entry entry = Keep(guildId, new StoredSettings { Settings = change(known.Settings), Unsaved = true }, null);
        return await PushAsync(guildId, entry, cancellationToken);
    }

    /// <summary>Takes a person in or out of this server's recordings, for this one and later ones.</summary>
    public Task<bool> SetOptOutAsync(ulong guildId, ulong userId, bool optedOut, CancellationToken cancellationToken)
    {
        string id = userId.ToString(CultureInfo.InvariantCulture);
        return ChangeAsync(guildId, settings =>
        {
            IEnumerable<string> others = settings.OptedOutUserIds.Where(other => other != id);
            return settings with { OptedOutUserIds = optedOut ? [.. others, id] : [.. others] };
        }, cancellationToken);
    }

    private async Task<bool> PushAsync(ulong guildId, Entry entry, CancellationToken cancellationToken)
    {
        try
        {
            await api.PutSettingsAsync(guildId, entry.Copy.Settings, cancellationToken);
            Keep(guildId, entry.Copy with { Unsaved = false }, time.GetTimestamp());
            return true;
        }
        catch (RecordingApiException problem)
        {
            log.SettingsAway(guildId, problem.Message);
            return false;
        }
    }

    private Entry Keep(ulong guildId, StoredSettings copy, long? fetchedAt)
    {
        Entry entry = new(copy, fetchedAt);
        bool same = entries.TryGetValue(guildId, out Entry? before) && SameText(before.Copy, copy);
        entries[guildId] = entry;
        if (!same || !File.Exists(PathOf(guildId))) Save(guildId, copy);
        return entry;
    }

    private static bool SameText(StoredSettings one, StoredSettings other) =>
        JsonSerializer.Serialize(one, CommandsJsonContext.Default.StoredSettings) == JsonSerializer.Serialize(other, CommandsJsonContext.Default.StoredSettings);

    private Entry Load(ulong guildId)
    {
        StoredSettings? copy = LocalState.Read(PathOf(guildId), CommandsJsonContext.Default.StoredSettings, guildId, log);
        return new Entry(copy is { Settings.OptedOutUserIds: not null } ? copy : new StoredSettings(), null);
    }

    private void Save(ulong guildId, StoredSettings copy)
    {
        try
        {
            LocalState.Write(PathOf(guildId), JsonSerializer.SerializeToUtf8Bytes(copy, CommandsJsonContext.Default.StoredSettings));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            log.LocalStateUnwritable(guildId, problem.Message);
        }
    }

    private string PathOf(ulong guildId) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"settings-{guildId}.json"));

    private sealed record Entry(StoredSettings Copy, long? FetchedAt);
}
