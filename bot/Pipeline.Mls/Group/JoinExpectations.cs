using Pipeline.Mls.Tree;

namespace Pipeline.Mls.Group;

/// <summary>What a Welcome must say to be taken.</summary>
public sealed record JoinExpectations
{
    /// <summary>The group's id: the channel id as 8 bytes, big-endian.</summary>
    public required ReadOnlyMemory<byte> GroupId { get; init; }

    /// <summary>The only entry that the group's external senders extension may have.</summary>
    public required ExternalSender ExternalSender { get; init; }

    /// <summary>Asked once for each member's user id; false refuses the Welcome.</summary>
    public required Func<ulong, bool> IsRecognised { get; init; }
}
