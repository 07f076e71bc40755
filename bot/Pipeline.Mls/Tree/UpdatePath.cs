using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>A committer's new leaf and path (RFC 9420 §7.6): <c>LeafNode || UpdatePathNode vector</c>, lowest node first.</summary>
internal sealed record UpdatePath(LeafNode Leaf, IReadOnlyList<UpdatePathNode> Nodes)
{
    public static UpdatePath Read(ref TlsReader reader) =>
        new(LeafNode.Read(ref reader), reader.ReadList(UpdatePathNode.Read));

    public void Write(TlsWriter writer)
    {
        Leaf.Write(writer);
        writer.WriteList(Nodes, static (target, node) => node.Write(target));
    }
}

/// <summary>
/// One node of the path: its new public key and its path secret for each node of the copath child's resolution:
/// <c>encryption_key vector || HPKECiphertext vector</c>.
/// </summary>
internal sealed record UpdatePathNode(byte[] EncryptionKey, IReadOnlyList<HpkeCiphertext> Ciphertexts)
{
    public static UpdatePathNode Read(ref TlsReader reader) =>
        new(reader.ReadVector().ToArray(), reader.ReadList(HpkeCiphertext.Read));

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteList(Ciphertexts, static (target, ciphertext) => ciphertext.Write(target));
    }
}
