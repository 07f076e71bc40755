using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.ServerSettings;

/// <summary>
/// A server's settings: asked from the recording API, kept on disk as last known, so that the API's absence never decides whether
/// somebody may record or is recorded. What was changed while it was away is written there first when it is back.
/// </summary>
/// <param name="folder">Where the last-known copies lie, one file per guild.</param>
internal sealed class GuildSettingsStore(CatalogueClient api, string folder, TimeProvider time, ILogger<GuildSettingsStore> log)
{
    /// <summary>How often a recording whose opt-outs are not known asks for them.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(15);

    /// <summary>How often a running recording asks whether somebody has opted out elsewhere.</summary>
    public static readonly TimeSpan HeedInterval = TimeSpan.FromMinutes(1);

    private const int MostAttempts = 20;
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ulong, Entry> entries = new();
    private readonly ConcurrentDictionary<ulong, SemaphoreSlim> pushing = new();
    private readonly ConcurrentDictionary<ulong, bool> vanished = new(); // as far as it was logged

    // A button is pressed while an answer of the API is taken in: neither may undo the other. Held for one small file at most.
    private readonly Lock gate = new();

    /// <summary>
    /// The settings as the API has them, or the last known ones with <see cref="KnownSettings.IsLastKnown"/>. Never throws for the API.
    /// </summary>
    public async Task<KnownSettings> GetAsync(ulong guildId, CancellationToken cancellationToken)
    {
        Entry entry = Find(guildId);
        if (entry.FetchedAt is { } at && time.GetElapsedTime(at) < Freshness) return Known(guildId, isLastKnown: entry.Copy.IsUnsaved);
        if (entry.Copy.IsUnsaved) return Known(guildId, isLastKnown: !await PushAsync(guildId, cancellationToken));
        try
        {
            (GuildSettings? settings, _) = await api.GetSettingsAsync(guildId, cancellationToken);
            if (settings is not null) vanished.TryRemove(guildId, out _);
            else if (entry.Copy.WereHeard)
            {
                // A gateway without a service behind it, or a wrong address: no word of anybody's that their choice is over.
                if (vanished.TryAdd(guildId, true)) log.SettingsVanished(guildId);
                return Known(guildId, isLastKnown: true);
            }
            // What was changed here, or written there, while the answer was on its way is newer than the answer.
            Change(guildId, copy =>
                ReferenceEquals(copy, entry.Copy) ? copy.With(settings) : copy, time.GetTimestamp());
            return Known(guildId, isLastKnown: false);
        }
        catch (CatalogueException problem)
        {
            log.SettingsAway(guildId, Cause.Of(problem));
            return Known(guildId, isLastKnown: true);
        }
    }

    /// <summary>The copy at hand, without asking anybody: the same object until something changes.</summary>
    public GuildSettings LastKnown(ulong guildId) => Find(guildId).Effective;

    /// <summary>The copy at hand, for who must not wait for the API.</summary>
    public KnownSettings AtHand(ulong guildId) => Known(guildId, isLastKnown: true);

    /// <summary>
    /// Whether the list of who does not want to be recorded was here at any time. Without an API there is no other list than ours.
    /// </summary>
    public bool KnowsOptOuts(ulong guildId) => !api.IsConfigured || Find(guildId).Copy.IsComplete;

    /// <summary>
    /// False: this disk never heard from the API who does not want to be recorded, or the API lacks what was changed here.
    /// </summary>
    public bool IsSettled(ulong guildId) => !api.IsConfigured || Find(guildId).Copy is { IsComplete: true, IsUnsaved: false };

    /// <summary>How long a running recording waits between two questions; null: there is nobody to ask.</summary>
    public TimeSpan? AskPause(ulong guildId) => !api.IsConfigured ? null : IsSettled(guildId) ? HeedInterval : AskInterval;

    /// <summary>Whether the person wants no recording in this server, by the copy at hand.</summary>
    public bool IsOptedOut(ulong guildId, ulong userId) => AtHand(guildId).IsOptedOut(userId);

    /// <summary>Everybody who wants no recording in this server, by the copy at hand; the same object until something changes.</summary>
    public IReadOnlyList<ulong> OptedOut(ulong guildId) => Find(guildId).OptedOut;

    /// <summary>Changes the settings here and there. False: the API is away; the change holds here and is written there later.</summary>
    public async Task<bool> ChangeAsync(ulong guildId, Func<GuildSettings, GuildSettings> change, CancellationToken cancellationToken)
    {
        await GetAsync(guildId, cancellationToken);
        Change(guildId, copy => copy with { Settings = change(copy.Settings), Unsaved = true }, null);
        return await PushAsync(guildId, cancellationToken);
    }

    /// <summary>
    /// Takes people in or out of this server's recordings: holds here when this returns, and there after <see cref="PushAsync"/>.
    /// </summary>
    public void SetOptOuts(ulong guildId, IEnumerable<ulong> userIds, bool optedOut) => Change(guildId, copy => copy with
    {
        Wishes = (copy.Wishes ?? StoredSettings.NoWishes).SetItems(userIds.Select(user => KeyValuePair.Create(Text(user), optedOut))),
    }, null);

    /// <summary>Writes to the API what it does not have yet. False: it is away, and this is tried again with the next question.</summary>
    public async Task<bool> PushAsync(ulong guildId, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = pushing.GetOrAdd(guildId, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            StoredSettings ours = Find(guildId).Copy;
            if (!ours.IsUnsaved) return true;
            GuildSettings written = await WriteAsync(guildId, ours, cancellationToken);
            Change(guildId, now =>
                now.Without(ours)
                with
                {
                    Settings = now.Unsaved && !ReferenceEquals(now.Settings, ours.Settings) ? now.Settings : written,
                    IsComplete = true,
                    WereThere = true,
                }, time.GetTimestamp());
            return true;
        }
        catch (CatalogueException problem)
        {
            log.SettingsAway(guildId, Cause.Of(problem));
            return false;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Each wish by itself, and the document only when it was changed here, or when the API knows nothing else.</summary>
    /// <returns>What the API has now.</returns>
    private async Task<GuildSettings> WriteAsync(ulong guildId, StoredSettings ours, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            // The API's list of people counts, not our copy of it: others may have written there.
            (GuildSettings? found, string? etag) = await api.GetSettingsAsync(guildId, cancellationToken);
            // Written over nothing, our copy of the list would be all that is left of it.
            if (found is null && ours.WereHeard) throw new CatalogueException("it has no settings of this server, which it had before");
            GuildSettings theirs = found ?? new GuildSettings();
            GuildSettings next = (ours with { Settings = ours.Over(theirs) }).Effective();
            bool wholeOnly = ours.Unsaved;
            HashSet<string> there = [.. theirs.OptedOutUserIds];
            foreach ((string user, bool optedOut) in ours.Wishes ?? StoredSettings.NoWishes)
            {
                if (there.Contains(user) != optedOut && !wholeOnly)
                    wholeOnly = !await api.SetOptOutAsync(guildId, user, optedOut, cancellationToken);
            }
            if (!wholeOnly || await api.PutSettingsAsync(guildId, next, etag, cancellationToken)) return next;
        }
        throw new CatalogueException("the settings are changed by others all the time");
    }

    private Entry Find(ulong guildId) => entries.GetOrAdd(guildId, Load);

    private KnownSettings Known(ulong guildId, bool isLastKnown) =>
        new(Find(guildId).Effective, isLastKnown, WereHeard: KnowsOptOuts(guildId));

    private void Change(ulong guildId, Func<StoredSettings, StoredSettings> change, long? fetchedAt)
    {
        lock (gate)
        {
            Entry before = Find(guildId);
            StoredSettings copy = change(before.Copy);
            bool same = SameText(before.Copy, copy);
            entries[guildId] = same ? before with { FetchedAt = fetchedAt } : new Entry(copy, fetchedAt);
            if (!same || !File.Exists(PathOf(guildId))) Save(guildId, copy);
        }
    }

    private static bool SameText(StoredSettings one, StoredSettings other) =>
        JsonSerializer.Serialize(one, StoredSettingsJsonContext.Default.StoredSettings) == JsonSerializer.Serialize(other,
            StoredSettingsJsonContext.Default.StoredSettings);

    private Entry Load(ulong guildId)
    {
        StoredSettings? copy = LocalState.Read(PathOf(guildId), StoredSettingsJsonContext.Default.StoredSettings, guildId, log);
        return new Entry(copy is { Settings.OptedOutUserIds: not null } ? copy.Upgraded() : new StoredSettings(), null);
    }

    private void Save(ulong guildId, StoredSettings copy)
    {
        try
        {
            LocalState.Write(PathOf(guildId), JsonSerializer.SerializeToUtf8Bytes(copy, StoredSettingsJsonContext.Default.StoredSettings));
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            log.LocalStateUnwritable(guildId, Cause.Of(problem));
        }
    }

    private string PathOf(ulong guildId) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"settings-{guildId}.json"));

    private static string Text(ulong userId) => userId.ToString(CultureInfo.InvariantCulture);

    private sealed record Entry(StoredSettings Copy, long? FetchedAt)
    {
        public GuildSettings Effective { get; } = Copy.Effective();

        public IReadOnlyList<ulong> OptedOut { get; } = Copy.OptedOut();
    }
}

/// <summary>A server's settings and whether they are only what was known last.</summary>
/// <param name="WereHeard">False: neither the API nor this disk ever told them; what the server has chosen may be anything.</param>
internal sealed record KnownSettings(GuildSettings Settings, bool IsLastKnown, bool WereHeard = true)
{
    public AnnounceMode Announce => AnnounceModes.FromWord(Settings.AnnounceMode);

    /// <summary>Unheard of, it is the one that protects most: nobody is recorded who might have been asked first.</summary>
    public ConsentMode Consent => ConsentOr(ConsentMode.Required);

    /// <param name="unheard">What counts while nobody has told what the server has chosen.</param>
    public ConsentMode ConsentOr(ConsentMode unheard) =>
        WereHeard || Settings.Consent is not null ? ConsentModes.FromWord(Settings.Consent) : unheard;

    public bool IsOptedOut(ulong userId) => Settings.OptedOutUserIds.Contains(userId.ToString(CultureInfo.InvariantCulture));
}
