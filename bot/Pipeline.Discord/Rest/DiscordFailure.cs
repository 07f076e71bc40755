namespace Pipeline.Discord.Rest;

/// <summary>What Discord and the way to it do to us, as against a bug of ours.</summary>
public static class DiscordFailure
{
    /// <summary>It refused, could not be reached, or did not answer in time.</summary>
    public static bool Is(Exception? failure) => failure is DiscordRestException or HttpRequestException or TimeoutException;
}
