using System.Buffers.Binary;
using Pipeline.Mls.Messages;

namespace Pipeline.Mls.Group;

/// <summary>A proposal that was authenticated in one epoch and waits for a commit of that epoch.</summary>
public sealed class QueuedProposal
{
    private readonly byte[] identity;

    internal QueuedProposal(ProposalReference reference, ulong epoch, Proposal proposal, Sender sender, byte[] identity)
    {
        Reference = reference;
        Epoch = epoch;
        Proposal = proposal;
        Sender = sender;
        this.identity = identity;
    }

    /// <summary>How a commit and a revocation name it.</summary>
    public ProposalReference Reference { get; }

    public ProposalKind Kind => Proposal.Kind;

    /// <summary>The epoch it was made for; void in every other.</summary>
    public ulong Epoch { get; }

    /// <summary>The leaf that a remove removes; null for other kinds.</summary>
    public uint? LeafIndex => (Proposal as RemoveProposal)?.Removed.Value;

    /// <summary>The user who is added or removed; only for adds and removes under <see cref="GroupPolicy.Dave"/>.</summary>
    public ulong UserId => BinaryPrimitives.ReadUInt64BigEndian(identity);

    internal Proposal Proposal { get; }

    internal Sender Sender { get; }
}
