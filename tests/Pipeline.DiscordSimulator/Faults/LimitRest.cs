namespace Pipeline.DiscordSimulator.Faults;

/// <summary>REST requests are answered with 429.</summary>
/// <param name="RetryAfter">What the client must wait.</param>
public sealed record LimitRest(TimeSpan RetryAfter) : RestFault
{
    /// <summary>user, shared or global.</summary>
    public string Scope { get; init; } = "user";

    /// <summary>Answer with a page instead of JSON.</summary>
    public bool Html { get; init; }
}
