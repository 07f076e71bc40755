namespace Pipeline.DiscordSimulator.Faults;

/// <summary>REST requests are answered with an error and not carried out.</summary>
/// <param name="Status">502, 403, …</param>
public sealed record RefuseRest(int Status) : RestFault
{
    /// <summary>Answer with a page, as the proxy in front of Discord does.</summary>
    public bool Html { get; init; }

    /// <summary>Discord's own error code.</summary>
    public int Code { get; init; }

    /// <summary>Discord's own message.</summary>
    public string Message { get; init; } = "injected";
}
