using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>A change that someone proposes (RFC 9420 §12.1): <c>u16 type || body</c>.</summary>
internal abstract record Proposal(ProposalKind Kind)
{
    public static Proposal Read(ref TlsReader reader)
    {
        ProposalKind kind = (ProposalKind)reader.ReadUInt16();
        return kind switch
        {
            ProposalKind.Add => new AddProposal(KeyPackage.Read(ref reader)),
            ProposalKind.Update => new UpdateProposal(LeafNode.Read(ref reader)),
            ProposalKind.Remove => new RemoveProposal(new LeafIndex(reader.ReadUInt32())),
            ProposalKind.PreSharedKey => new PreSharedKeyProposal(PreSharedKeyId.Read(ref reader)),
            ProposalKind.ReInit => ReInitProposal.ReadBody(ref reader),
            ProposalKind.ExternalInit => new ExternalInitProposal(reader.ReadVector().ToArray()),
            ProposalKind.GroupContextExtensions => new GroupContextExtensionsProposal(Extension.ReadAll(ref reader)),
            // The length of an unknown proposal is unknown too: nothing after it can be read.
            _ => throw new MlsException(MlsError.ProposalNotAllowed),
        };
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16((ushort)Kind);
        WriteBody(writer);
    }

    public abstract void WriteBody(TlsWriter writer);
}

/// <summary>RFC 9420 §12.1.1.</summary>
internal sealed record AddProposal(KeyPackage KeyPackage) : Proposal(ProposalKind.Add)
{
    public override void WriteBody(TlsWriter writer) => KeyPackage.Write(writer);
}

/// <summary>RFC 9420 §12.1.2.</summary>
internal sealed record UpdateProposal(LeafNode Leaf) : Proposal(ProposalKind.Update)
{
    public override void WriteBody(TlsWriter writer) => Leaf.Write(writer);
}

/// <summary>RFC 9420 §12.1.3.</summary>
internal sealed record RemoveProposal(LeafIndex Removed) : Proposal(ProposalKind.Remove)
{
    public override void WriteBody(TlsWriter writer) => writer.WriteUInt32(Removed.Value);
}

/// <summary>RFC 9420 §12.1.4.</summary>
internal sealed record PreSharedKeyProposal(PreSharedKeyId Psk) : Proposal(ProposalKind.PreSharedKey)
{
    public override void WriteBody(TlsWriter writer) => Psk.Write(writer);
}

/// <summary>RFC 9420 §12.1.5; parsed and never accepted.</summary>
internal sealed record ReInitProposal(byte[] GroupId, ushort Version, ushort Suite, IReadOnlyList<Extension> Extensions)
    : Proposal(ProposalKind.ReInit)
{
    public static ReInitProposal ReadBody(ref TlsReader reader) => new(
        reader.ReadVector().ToArray(), reader.ReadUInt16(), reader.ReadUInt16(), Extension.ReadAll(ref reader));

    public override void WriteBody(TlsWriter writer)
    {
        writer.WriteVector(GroupId);
        writer.WriteUInt16(Version);
        writer.WriteUInt16(Suite);
        Extension.WriteAll(writer, Extensions);
    }
}

/// <summary>RFC 9420 §12.1.6; parsed and never accepted.</summary>
internal sealed record ExternalInitProposal(byte[] KemOutput) : Proposal(ProposalKind.ExternalInit)
{
    public override void WriteBody(TlsWriter writer) => writer.WriteVector(KemOutput);
}

/// <summary>RFC 9420 §12.1.7.</summary>
internal sealed record GroupContextExtensionsProposal(IReadOnlyList<Extension> Extensions)
    : Proposal(ProposalKind.GroupContextExtensions)
{
    public override void WriteBody(TlsWriter writer) => Extension.WriteAll(writer, Extensions);
}

/// <summary>RFC 9420 §12.1, values of §17.4.</summary>
public enum ProposalKind
{
    Add = 1,
    Update = 2,
    Remove = 3,
    PreSharedKey = 4,
    ReInit = 5,
    ExternalInit = 6,
    GroupContextExtensions = 7,
}
