using Pipeline.Mls.Crypto;

namespace Pipeline.Mls.Tree;

/// <summary>
/// The private keys that one member knows (RFC 9420 §4.2): its leaf's and those of nodes above it. Each epoch has its own
/// copies; disposing wipes them.
/// </summary>
internal sealed class TreePrivateKeys : IDisposable
{
    private readonly Dictionary<NodeIndex, HpkeKeyPair> keys = [];

    /// <summary>Takes the leaf's keys over.</summary>
    public TreePrivateKeys(LeafIndex own, HpkeKeyPair leafKeys)
    {
        Own = own;
        keys[own.Node] = leafKeys;
    }

    public LeafIndex Own { get; }

    public HpkeKeyPair? Find(NodeIndex node) => keys.GetValueOrDefault(node);

    /// <summary>Takes the keys over and wipes those they replace.</summary>
    public void Set(NodeIndex node, HpkeKeyPair keys)
    {
        if (this.keys.Remove(node, out HpkeKeyPair? replaced)) replaced.Dispose();
        this.keys[node] = keys;
    }

    /// <summary>Copies of the keys whose nodes still stand in <paramref name="tree"/> with the same public key.</summary>
    public TreePrivateKeys CopyFor(RatchetTree tree)
    {
        TreePrivateKeys copy = new(Own, keys[Own.Node].Copy());
        foreach ((NodeIndex node, HpkeKeyPair pair) in keys)
        {
            bool stands = node != Own.Node && node.Value < tree.NodeCount && !tree.IsBlank(node) &&
                pair.PublicKey.SequenceEqual(tree.EncryptionKey(node));
            if (stands) copy.keys[node] = pair.Copy();
        }

        return copy;
    }

    public void Dispose()
    {
        foreach (HpkeKeyPair pair in keys.Values) pair.Dispose();
    }
}
