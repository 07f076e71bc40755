namespace Pipeline.DiscordSimulator.Faults;

/// <summary>No datagram reaches the SFU, and none leaves it, while the voice gateway goes on.</summary>
public sealed record SilentMedia : Fault
{
    /// <summary>Discovery is answered even so.</summary>
    public bool AnswersDiscovery { get; init; } = true;
}
