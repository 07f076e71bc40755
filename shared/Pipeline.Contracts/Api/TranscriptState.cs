namespace Pipeline.Contracts.Api;

/// <summary>How far the text of a recording is.</summary>
public sealed record TranscriptState
{
    /// <summary>More is to come.</summary>
    public const string Running = "running";

    /// <summary>All talk is text.</summary>
    public const string Ready = "ready";

    /// <summary>Nothing more comes, and some talk is no text: see <see cref="Problem"/>.</summary>
    public const string Partial = "partial";

    /// <summary>One of the words above.</summary>
    public required string Status { get; init; }

    /// <summary>Before this position all talk that was sent is text, or was given up; samples at 48 kHz since the start.</summary>
    public long UpToSample { get; init; }

    /// <summary>Talk that is text, samples of all speakers together.</summary>
    public long TranscribedSamples { get; init; }

    /// <summary>Talk that waits for the service.</summary>
    public long WaitingSamples { get; init; }

    /// <summary>Talk that was given up.</summary>
    public long FailedSamples { get; init; }

    /// <summary>One sentence for a person, where something is wrong.</summary>
    public string? Problem { get; init; }
}
