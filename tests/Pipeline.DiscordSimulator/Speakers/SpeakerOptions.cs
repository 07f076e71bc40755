using Pipeline.DiscordSimulator.Media;

namespace Pipeline.DiscordSimulator.Speakers;

/// <summary>How a scripted speaker's client behaves.</summary>
public sealed record SpeakerOptions
{
    /// <summary>Error of the client's clock in millionths; positive runs fast.</summary>
    public double ClockErrorPpm { get; init; }

    /// <summary>First RTP sequence number; null is random.</summary>
    public ushort? FirstSequence { get; init; }

    /// <summary>First RTP timestamp; null is random.</summary>
    public uint? FirstTimestamp { get; init; }

    /// <summary>The timestamp counts on while nothing is said; false stops it, as some clients do.</summary>
    public bool TimestampRunsInSilence { get; init; } = true;

    /// <summary>Frames of silence at the end of a spurt; 0 stops abruptly.</summary>
    public int SilenceFrames { get; init; } = 5;

    /// <summary>Send no packet for frames of one or two bytes (discontinuous transmission).</summary>
    public bool SkipDtxFrames { get; init; }

    /// <summary>How long op 5 comes after the first packet; negative is never.</summary>
    public TimeSpan AnnounceDelay { get; init; }

    /// <summary>Conditions of this speaker's packets; null takes the simulator's.</summary>
    public MediaConditions? Conditions { get; init; }
}
