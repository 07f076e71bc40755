namespace Pipeline.Bot.Guilds;

/// <summary>How long something must be so before people are told of it.</summary>
public sealed record WarningTimes
{
    /// <summary>Nobody was heard at all since the start of the recording.</summary>
    public TimeSpan Nobody { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>One person is unmuted and was never heard, while others are.</summary>
    public TimeSpan NotHeard { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Silence of everybody.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Packets come from somebody and none can be opened.</summary>
    public TimeSpan Undecodable { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Over which time the share of lost packets is taken.</summary>
    public TimeSpan LossWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Before the longest duration of a recording.</summary>
    public TimeSpan BeforeLimit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The storage does not answer.</summary>
    public TimeSpan StorageAway { get; init; } = TimeSpan.FromSeconds(10);
}
