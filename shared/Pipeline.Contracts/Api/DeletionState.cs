namespace Pipeline.Contracts.Api;

/// <summary>
/// Answer of <c>DELETE /api/recordings/{id}</c> while something is left, and of <c>GET /api/recordings/{id}/deletion</c>.
/// </summary>
public sealed record DeletionState
{
    public const string Deleting = "deleting";
    public const string Deleted = "deleted";

    public string? RecordingId { get; init; }

    /// <summary><c>deleting</c> or <c>deleted</c>.</summary>
    public string? Status { get; init; }

    /// <summary>Files that are left, counted up to 20,000.</summary>
    public int RemainingFiles { get; init; }
}
