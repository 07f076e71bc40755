using System.Security.Cryptography.X509Certificates;
using Pipeline.Dave.Session;

namespace Pipeline.Discord.Voice.Session;

/// <summary>How one voice session behaves. The defaults are for Discord; tests shorten the waits.</summary>
public sealed record VoiceSessionOptions
{
    /// <summary>Highest version of the end-to-end protocol that we announce. 0: none, which ordinary channels refuse (4017).</summary>
    public int MaxDaveProtocolVersion { get; init; } = DaveSession.MaxProtocolVersion;

    /// <summary>Trusted for the voice gateway besides the system's authorities. See <see cref="Rest.ExtraRoots.Load"/>.</summary>
    public X509Certificate2Collection ExtraRoots { get; init; } = [];

    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(5);
    public TimeSpan IdentifyTimeout { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan DiscoveryInterval { get; init; } = TimeSpan.FromSeconds(1);
    public int DiscoveryTries { get; init; } = 5;
    public TimeSpan SelectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From opening the new socket to op 9.</summary>
    public TimeSpan ResumeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait before each try to resume; as many tries as there are waits.</summary>
    public IReadOnlyList<TimeSpan> ResumeDelays { get; init; } = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1),
        TimeSpan.FromSeconds(2)];

    /// <summary>Shorter than what address translators remember of a UDP flow.</summary>
    public TimeSpan KeepaliveInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When others are here and nothing was ever received, the way is opened again after this.</summary>
    public TimeSpan UnheardInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>When the server echoed keepalives before and then nothing at all came for this long, the media path is dead.</summary>
    public TimeSpan MediaPathTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The call's server has echoed keepalives in an earlier session: their absence means something from the start.</summary>
    public bool ExpectsEchoes { get; init; }
}

/// <summary>Where a voice session is in its handshake.</summary>
/// <remarks>
/// Opening -> AwaitingHello -> Identifying -> Discovering -> Selecting -> Live; Live -> ResumeWaiting -> Opening -> AwaitingHello ->
/// Resuming -> Live. Every state but Live has a time limit.
/// </remarks>
internal enum VoiceSessionPhase
{
    Opening,
    AwaitingHello,
    Identifying,
    Discovering,
    Selecting,
    Live,
    ResumeWaiting,
    Resuming,
}
