using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>RFC 9420 §12.4: <c>ProposalOrRef vector || optional UpdatePath</c>.</summary>
internal sealed record Commit(IReadOnlyList<ProposalOrReference> Proposals, UpdatePath? Path)
{
    public static Commit Read(ref TlsReader reader)
    {
        List<ProposalOrReference> proposals = reader.ReadList(ProposalOrReference.Read);
        return new Commit(proposals, reader.ReadPresence() ? UpdatePath.Read(ref reader) : null);
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteList(Proposals, static (target, proposal) => proposal.Write(target));
        writer.WritePresence(Path is not null);
        Path?.Write(writer);
    }
}

/// <summary>RFC 9420 §12.4: <c>u8 1 || Proposal</c> or <c>u8 2 || reference vector</c>; exactly one of the two is set.</summary>
internal sealed record ProposalOrReference(Proposal? Proposal, byte[]? Reference)
{
    private const byte ByValue = 1;
    private const byte ByReference = 2;

    public static ProposalOrReference Read(ref TlsReader reader) => reader.ReadUInt8() switch
    {
        ByValue => new(Messages.Proposal.Read(ref reader), null),
        ByReference => new(null, reader.ReadVector().ToArray()),
        _ => throw new MlsException(MlsError.Malformed),
    };

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt8(Proposal is null ? ByReference : ByValue);
        if (Proposal is null) writer.WriteVector(Reference);
        else Proposal.Write(writer);
    }
}
