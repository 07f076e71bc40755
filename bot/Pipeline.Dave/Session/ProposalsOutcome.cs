namespace Pipeline.Dave.Session;

/// <summary>What a proposals message did to the queue.</summary>
internal enum ProposalsOutcome
{
    /// <summary>A new commit is due, if anything is left to commit.</summary>
    Changed,

    /// <summary>All of it was queued before.</summary>
    Repeated,

    /// <summary>It adds a user that the gateway has not announced; nothing was queued.</summary>
    UnannouncedUser,

    /// <summary>It revokes something that was never queued; the rest was revoked.</summary>
    UnknownReference,
}
