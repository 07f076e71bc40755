namespace Pipeline.DiscordSimulator.Dave;

/// <summary>Where a delivery service may differ from call to call.</summary>
public sealed class DeliveryOptions
{
    /// <summary>Transition id of a group's first commit; 0 is executed at once.</summary>
    public int FirstTransitionId { get; init; } = 1;

    /// <summary>Op 22 goes out after this even if somebody did not answer.</summary>
    public TimeSpan TransitionTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Version told to a member that is left alone: 1, or 0 as some report.</summary>
    public int SoleMemberVersion { get; init; } = 1;

    /// <summary>Sees every message before it goes out: returns what is sent in its place, nothing to withhold it.</summary>
    public Func<DeliveryMessage, IEnumerable<DeliveryMessage>>? Tamper { get; set; }
}
