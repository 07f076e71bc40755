namespace Pipeline.Dave.Session;

/// <summary>What a session did or refused.</summary>
public enum DaveNoticeKind
{
    /// <summary>A key package went out; the session waits to be put into a group.</summary>
    Pending,

    /// <summary>A new epoch's keys are in use for receiving.</summary>
    EpochAdopted,

    /// <summary>The call is not encrypted end to end any more.</summary>
    PlainNow,

    /// <summary>The gateway announced that encryption ends; members' unencrypted frames are accepted for a few seconds.</summary>
    DowngradeAnnounced,

    /// <summary>An announced end of encryption was not executed in time.</summary>
    DowngradeLapsed,

    /// <summary>An external sender came while a group is established, or could not be read.</summary>
    ExternalSenderIgnored,

    /// <summary>Proposals came while there is no group to apply them to.</summary>
    ProposalsIgnored,

    /// <summary>A proposals message failed a check and was refused as a whole.</summary>
    ProposalsRefused,

    /// <summary>Proposals add a user that has not been announced yet; kept until the announcement.</summary>
    ProposalsDeferred,

    /// <summary>The queued proposals cannot be committed by this member.</summary>
    CommitNotMade,

    /// <summary>Another pending member's commit was announced; a Welcome follows.</summary>
    CommitLost,

    /// <summary>A commit or Welcome that was adopted before came again.</summary>
    DuplicateIgnored,

    /// <summary>An announced commit or Welcome did not fit; the session asked to be added again.</summary>
    Invalid,

    /// <summary>A transition was executed that nobody prepared.</summary>
    UnknownTransition,

    /// <summary>The group has a member that the gateway has not announced.</summary>
    UnannouncedMember,

    /// <summary>Too many frames could not be opened; the session asked to be added again.</summary>
    Recovery,

    /// <summary>Bytes that cannot be parsed.</summary>
    Malformed,
}
