using Pipeline.Mls.Crypto;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>
/// What all members agree on (RFC 9420 §8.1): <c>u16 version || u16 suite || group_id vector || u64 epoch || tree_hash vector
/// || confirmed_transcript_hash vector || extensions</c>.
/// </summary>
internal sealed record GroupContext(
    ushort Version,
    ushort Suite,
    byte[] GroupId,
    ulong Epoch,
    byte[] TreeHash,
    byte[] ConfirmedTranscriptHash,
    IReadOnlyList<Extension> Extensions)
{
    public GroupContext(
        byte[] groupId, ulong epoch, byte[] treeHash, byte[] confirmedTranscriptHash, IReadOnlyList<Extension> extensions)
        : this(CipherSuite.ProtocolVersion, CipherSuite.Id, groupId, epoch, treeHash, confirmedTranscriptHash, extensions)
    {
    }

    public static GroupContext Read(ref TlsReader reader) => new(
        reader.ReadUInt16(),
        reader.ReadUInt16(),
        reader.ReadVector().ToArray(),
        reader.ReadUInt64(),
        reader.ReadVector().ToArray(),
        reader.ReadVector().ToArray(),
        Extension.ReadAll(ref reader));

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16(Version);
        writer.WriteUInt16(Suite);
        writer.WriteVector(GroupId);
        writer.WriteUInt64(Epoch);
        writer.WriteVector(TreeHash);
        writer.WriteVector(ConfirmedTranscriptHash);
        Extension.WriteAll(writer, Extensions);
    }

    public byte[] Encode()
    {
        using TlsWriter writer = new();
        Write(writer);
        return writer.ToArray();
    }

    public Extension? Find(ushort type) => Extensions.FirstOrDefault(extension => extension.Type == type);
}
