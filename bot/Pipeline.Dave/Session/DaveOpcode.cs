namespace Pipeline.Dave.Session;

/// <summary>The voice gateway's opcodes 21-31, as the DAVE protocol numbers them. 25-30 are binary messages, the others JSON.</summary>
public static class DaveOpcode
{
    /// <summary>Server: protocol_version, transition_id.</summary>
    public const byte PrepareTransition = 21;

    /// <summary>Server: transition_id.</summary>
    public const byte ExecuteTransition = 22;

    /// <summary>Client: transition_id.</summary>
    public const byte TransitionReady = 23;

    /// <summary>Server: protocol_version, epoch.</summary>
    public const byte PrepareEpoch = 24;

    /// <summary>Server: ExternalSender.</summary>
    public const byte ExternalSender = 25;

    /// <summary>Client: bare KeyPackage.</summary>
    public const byte KeyPackage = 26;

    /// <summary>Server: <c>u8 0 || MLSMessage&lt;V&gt;</c> to append, <c>u8 1 || ProposalRef&lt;V&gt;</c> to revoke.</summary>
    public const byte Proposals = 27;

    /// <summary>Client: <c>MLSMessage(commit) || [Welcome]</c>.</summary>
    public const byte CommitWelcome = 28;

    /// <summary>Server: <c>u16 transition_id || MLSMessage(commit)</c>.</summary>
    public const byte AnnounceCommit = 29;

    /// <summary>Server: <c>u16 transition_id || Welcome</c>.</summary>
    public const byte Welcome = 30;

    /// <summary>Client: transition_id.</summary>
    public const byte InvalidCommitWelcome = 31;
}
