using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.ServerSettings;

/// <summary>Last-known copy of a server's settings, with what was changed here and not yet written to the API.</summary>
internal sealed record StoredSettings
{
    public static readonly ImmutableDictionary<string, bool> NoWishes = ImmutableDictionary<string, bool>.Empty;
    private static readonly GuildSettings Nothing = new();

    /// <summary>As the API had them, and with changes of our own when <see cref="Unsaved"/>; without <see cref="Wishes"/>.</summary>
    public GuildSettings Settings { get; init; } = new();

    /// <summary>Role or notice were changed here.</summary>
    public bool Unsaved { get; init; }

    /// <summary>Who has opted out (true) or in (false) here, by user id; null in a file of an older version.</summary>
    public ImmutableDictionary<string, bool>? Wishes { get; init; } = NoWishes;

    /// <summary>The list of people came from the API once.</summary>
    public bool IsComplete { get; init; }

    /// <summary>The API had settings of this server when it was last asked; null in a file of an older version.</summary>
    public bool? WereThere { get; init; }

    /// <summary>They are what a service has told, and not what counts where a service has none.</summary>
    internal bool WereHeard => WereThere ?? (IsComplete && (Settings.OptedOutUserIds.Count > 0
        || (!Unsaved && Settings with { OptedOutUserIds = Nothing.OptedOutUserIds } != Nothing)));

    /// <summary>The API lacks something of this.</summary>
    internal bool IsUnsaved => Unsaved || Wishes is { Count: > 0 };

    /// <summary>As the API has told them; null: it has none of this server.</summary>
    public StoredSettings With(GuildSettings? told) =>
        this with { Settings = told ?? new GuildSettings(), IsComplete = true, WereThere = told is not null };

    /// <summary>The settings with everybody's wish.</summary>
    public GuildSettings Effective() => Wishes is not { Count: > 0 } wishes ? Settings : Settings with
    {
        OptedOutUserIds = [.. Settings.OptedOutUserIds.Where(user => !wishes.ContainsKey(user)),
            .. wishes.Where(wish => wish.Value).Select(wish => wish.Key).Order(StringComparer.Ordinal)],
    };

    /// <summary>
    /// What is written where the API has <paramref name="theirs"/>. Its list of people always counts, and what was changed here while the
    /// rest was never heard leaves the rest as it is there.
    /// </summary>
    public GuildSettings Over(GuildSettings theirs)
    {
        if (!Unsaved) return theirs;
        if (IsComplete) return Settings with { OptedOutUserIds = theirs.OptedOutUserIds };
        AutoRecordRule[] ours = [.. Settings.AutoRecord ?? []];
        return Settings with
        {
            OptedOutUserIds = theirs.OptedOutUserIds,
            RecorderRoleId = Settings.RecorderRoleId ?? theirs.RecorderRoleId,
            AnnounceMode = Settings.AnnounceMode ?? theirs.AnnounceMode,
            Consent = Settings.Consent ?? theirs.Consent,
            KeepDays = Settings.KeepDays ?? theirs.KeepDays,
            AutoRecord = [.. (theirs.AutoRecord ?? []).ExceptBy(ours.Select(Place), Place), .. ours],
            Other = Settings.Other ?? theirs.Other,
        };
    }

    public IReadOnlyList<ulong> OptedOut() =>
        [.. Effective().OptedOutUserIds.Select(user =>
            ulong.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : 0).Where(id => id != 0)];

    /// <summary>What remains to be written after <paramref name="written"/> was; what was changed since then stays.</summary>
    public StoredSettings Without(StoredSettings written) => this with
    {
        Unsaved = Unsaved && !ReferenceEquals(Settings, written.Settings),
        Wishes = (Wishes ?? NoWishes)
            .RemoveRange((written.Wishes ?? NoWishes).Where(wish => (Wishes ?? NoWishes).GetValueOrDefault(wish.Key) == wish.Value)
            .Select(wish => wish.Key)),
    };

    private static (ulong Bot, ulong Channel) Place(AutoRecordRule rule) => (rule.BotId, rule.ChannelId);

    /// <summary>Older versions kept wishes that were not written yet in the list itself.</summary>
    public StoredSettings Upgraded() => Wishes is not null ? this : this with
    {
        Wishes = Unsaved ? NoWishes.SetItems(Settings.OptedOutUserIds.Select(user => KeyValuePair.Create(user, true))) : NoWishes,
        IsComplete = true,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredSettings))]
internal sealed partial class StoredSettingsJsonContext : JsonSerializerContext;
