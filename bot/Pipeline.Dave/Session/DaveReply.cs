using System.Collections.Immutable;

namespace Pipeline.Dave.Session;

/// <summary>What one event led to. The snapshot was already replaced when this is returned.</summary>
/// <param name="Messages">To be sent in this order.</param>
/// <param name="Notices">To be logged.</param>
/// <param name="Demand">To be fulfilled by the voice connection.</param>
public sealed record DaveReply(ImmutableArray<DaveOutbound> Messages, ImmutableArray<DaveNotice> Notices, DaveDemand Demand)
{
    /// <summary>Nothing to do.</summary>
    public static DaveReply Empty { get; } = new([], [], DaveDemand.None);
}

/// <summary>Something worth a log line. Never holds key material.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Detail">Numbers and the reason, for people.</param>
public readonly record struct DaveNotice(DaveNoticeKind Kind, string Detail);

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

/// <summary>One message to send to the voice gateway.</summary>
/// <param name="Opcode">26 and 28 go out as binary <c>u8 opcode || payload</c>; 23 and 31 as JSON with the transition id.</param>
/// <param name="Payload">Body of a binary message, empty for JSON.</param>
/// <param name="TransitionId">For JSON messages.</param>
public readonly record struct DaveOutbound(byte Opcode, ReadOnlyMemory<byte> Payload, int TransitionId)
{
    public bool IsBinary => Opcode is DaveOpcode.KeyPackage or DaveOpcode.CommitWelcome;
}

/// <summary>What the session cannot do itself and asks of the voice connection.</summary>
public enum DaveDemand
{
    None,

    /// <summary>Re-keying did not help: leave the call and join it again with a new voice session.</summary>
    Rejoin,

    /// <summary>Joining again did not help either: say so where people see it. The session goes on trying.</summary>
    TellUsers,
}
