namespace Pipeline.Contracts.Api;

/// <summary>Problem details (RFC 9457) with the fields that were at fault.</summary>
public sealed record ProblemBody
{
    public string Type { get; init; } = "about:blank";
    public required string Title { get; init; }
    public required int Status { get; init; }
    public string? Detail { get; init; }

    /// <summary>What is wrong, by field: <c>segments[3].userId</c>.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>With 409: how far the recording is.</summary>
    public string? CurrentStatus { get; init; }

    /// <summary>With 409 from init-live: which recording it is.</summary>
    public string? RecordingId { get; init; }

    /// <summary>With 409 from init-live: finalize takes lists in parts of at most so many segments.</summary>
    public int? FinalizePartSegments { get; init; }

    /// <summary>With 409 from finalize: send these parts of the list, then finalize again.</summary>
    public IReadOnlyList<int>? MissingParts { get; init; }
}
