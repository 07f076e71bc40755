using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Pipeline.Discord.Rest;

/// <summary>How REST is reached; validated by the code that binds it.</summary>
public sealed record DiscordRestOptions
{
    /// <summary>Raw bot token, without the word "Bot". A secret.</summary>
    public required string Token { get; init; }

    /// <summary>Address with version and without a slash at its end.</summary>
    public Uri ApiBase { get; init; } = new("https://discord.com/api/v10");

    /// <summary>Discord refuses clients without a proper one (Discord: Reference, User Agent).</summary>
    public string UserAgent { get; init; } = "DiscordBot (https://github.com/pipeline/pipeline, 0.1)";

    /// <summary>Requests per second over all routes but interactions (Discord: Global Rate Limit).</summary>
    public int GlobalPerSecond { get; init; } = 50;

    /// <summary>A limit that asks for a longer pause fails the request instead.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>First pause after a failure of the server; grows, with jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest time for one request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Trusted besides the system's authorities. See <see cref="Rest.ExtraRoots.Load"/>.</summary>
    public X509Certificate2Collection ExtraRoots { get; init; } = [];

    private bool PrintMembers(StringBuilder text)
    {
        text.Append("ApiBase = ").Append(ApiBase);
        return true;
    }
}
