using System.Globalization;

namespace Pipeline.Bot.Panel;

/// <summary>Where a panel's message is. Text form <c>channel/message/unix seconds</c>, for the manifest.</summary>
public sealed record PostedPanel(ulong ChannelId, ulong MessageId, DateTimeOffset PostedAt)
{
    public static PostedPanel? Parse(string? text)
    {
        if (text?.Split('/') is not [string channel, string message, string seconds]) return null;
        return ulong.TryParse(channel, NumberStyles.None, CultureInfo.InvariantCulture, out ulong channelId)
            && ulong.TryParse(message, NumberStyles.None, CultureInfo.InvariantCulture, out ulong messageId)
            && long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out long postedAt)
            && postedAt <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? new PostedPanel(channelId, messageId, DateTimeOffset.FromUnixTimeSeconds(postedAt))
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ChannelId}/{MessageId}/{PostedAt.ToUnixTimeSeconds()}");
}
