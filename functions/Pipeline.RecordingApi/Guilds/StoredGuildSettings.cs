using System.Globalization;
using Azure;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Guilds;

/// <summary>What a server has chosen, as it was read.</summary>
/// <param name="Etag">Of the row without the people; null where nothing was chosen yet.</param>
/// <param name="IsOfOlderVersion">The row holds people itself, who have no rows yet.</param>
public sealed record StoredGuildSettings(GuildSettings Settings, ETag? Etag, bool IsOfOlderVersion)
{
    /// <summary>Who does not want to be recorded there. What is no id is passed over.</summary>
    public HashSet<ulong> OptedOut()
    {
        HashSet<ulong> people = [];
        foreach (string text in Settings.OptedOutUserIds)
            if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong user)) people.Add(user);
        return people;
    }
}
