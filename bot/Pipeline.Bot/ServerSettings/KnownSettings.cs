using System.Globalization;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.ServerSettings;

/// <summary>A server's settings and whether they are only what was known last.</summary>
public sealed record KnownSettings(GuildSettings Settings, bool IsLastKnown)
{
    public AnnounceMode Announce => AnnounceModes.FromWord(Settings.AnnounceMode);

    public bool IsOptedOut(ulong userId) => Settings.OptedOutUserIds.Contains(userId.ToString(CultureInfo.InvariantCulture));
}
