using Pipeline.Contracts;
using Pipeline.Dave.Session;

namespace Pipeline.Bot.Panel;

/// <summary>Everything that the panel shows at one moment.</summary>
public sealed record PanelState
{
    public required SessionInfo Session { get; init; }
    public required PanelPhase Phase { get; init; }

    /// <summary>Where the bot listens; differs from the session's channel after a move.</summary>
    public required ulong ChannelId { get; init; }

    /// <summary>Samples since the start, 48 kHz.</summary>
    public long Elapsed { get; init; }

    /// <summary>Everything heard before this sample is durable in the cloud.</summary>
    public long SafeUpTo { get; init; }

    public IReadOnlyList<PanelSpeaker> Speakers { get; init; } = [];

    /// <summary>Bytes and files that wait on the bot's disk.</summary>
    public long SpoolBytes { get; init; }

    public long SpoolFiles { get; init; }

    /// <summary>A sentence about the storage when it is slow or full; null while all is well.</summary>
    public string? StorageProblem { get; init; }

    /// <summary>Newest last, each with the position at which it happened.</summary>
    public IReadOnlyList<PanelEvent> Events { get; init; } = [];

    /// <summary>30 digits that everybody in an end-to-end encrypted call can compare; null in a call without.</summary>
    public string? PrivacyCode { get; init; }

    /// <summary>How far the call is protected; null while there is no connection that could tell.</summary>
    public DaveProtection? Protection { get; init; }

    /// <summary>Members of the encrypted group whom Discord does not show in the call.</summary>
    public IReadOnlyList<ulong> Unannounced { get => field ?? []; init; } = [];

    /// <summary>Where the recording can be opened; null when no API is configured.</summary>
    public string? Link { get; init; }

    /// <summary>Closing words once the recording is over.</summary>
    public string? Outcome { get; init; }
}
