using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>How a call is joined and kept. The defaults are for Discord; tests shorten the waits.</summary>
public sealed record VoiceCallOptions
{
    public VoiceSessionOptions Session { get; init; } = new();

    /// <summary>From asking the main gateway to both of its answers.</summary>
    public TimeSpan JoinTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Between leaving and joining again, at most; less when the gateway confirms that we left.</summary>
    public TimeSpan LeavePause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server that is being re-allocated is waited for.</summary>
    public TimeSpan SuspendedTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the main gateway has to tell what a close of 4014 or 4022 meant.</summary>
    public TimeSpan AwaitGatewayTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First wait between tries; doubles up to <see cref="LongestBackoff"/>, each shortened by up to half at random.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection that lasted this long counts as good: the next loss is met without a wait.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether being moved to another channel takes the recording along.</summary>
    public bool FollowMoves { get; init; } = true;

    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(5);
}
