using System.Security.Cryptography;
using Pipeline.Mls.Crypto;

namespace Pipeline.Mls.Tree;

/// <summary>
/// A new path of our own (RFC 9420 §7.5): fresh keys from our leaf to the root, already in the tree, and the secrets that
/// are still to be sent. Disposing wipes those secrets; <see cref="Keys"/> belongs to the next epoch.
/// </summary>
internal sealed class OwnPath : IDisposable
{
    private readonly IReadOnlyList<PathStep> steps;
    private readonly byte[][] pathSecrets;

    private OwnPath(IReadOnlyList<PathStep> steps, byte[][] pathSecrets, LeafNode leaf, TreePrivateKeys keys)
    {
        this.steps = steps;
        this.pathSecrets = pathSecrets;
        Leaf = leaf;
        Keys = keys;
    }

    public LeafNode Leaf { get; }

    /// <summary>Everything we know in the new tree: who takes it disposes it.</summary>
    public TreePrivateKeys Keys { get; }

    /// <summary>RFC 9420 §7.4: one step beyond the secret of the highest node.</summary>
    public byte[] CommitSecret => pathSecrets[^1];

    /// <summary>Makes the path and puts it into the tree, which stands after the proposals.</summary>
    public static OwnPath Create(RatchetTree tree, LeafIndex own, MlsIdentity identity, ReadOnlySpan<byte> groupId)
    {
        List<PathStep> steps = tree.FilteredDirectPath(own);
        TreePrivateKeys keys = new(own, HpkeKeyPair.Generate());
        byte[][] pathSecrets = new byte[steps.Count + 1][];
        byte[][] publicKeys = new byte[steps.Count][];
        pathSecrets[0] = RandomNumberGenerator.GetBytes(CipherSuite.HashSize);
        for (int i = 0; i < steps.Count; i++)
        {
            HpkeKeyPair nodeKeys = TreeKem.DeriveNodeKeys(pathSecrets[i]);
            publicKeys[i] = nodeKeys.PublicKey.ToArray();
            keys.Set(steps[i].Node, nodeKeys);
            pathSecrets[i + 1] = Kdf.DeriveSecret(pathSecrets[i], "path");
        }

        byte[] parentHash = TreeKem.ReplacePath(tree, own, steps, publicKeys);
        LeafNode leaf = tree[own]!.RenewForCommit(identity, keys.Find(own.Node)!.PublicKey, parentHash, groupId, own);
        tree.SetLeaf(own, leaf);
        return new OwnPath(steps, pathSecrets, leaf, keys);
    }

    /// <summary>
    /// The message half: each path secret for the copath's resolution, without <paramref name="added"/>.
    /// <paramref name="groupContext"/> is the provisional one: next epoch, new tree hash, old transcript hash (§12.4.1).
    /// </summary>
    public UpdatePath Encrypt(RatchetTree tree, IReadOnlySet<NodeIndex> added, ReadOnlySpan<byte> groupContext)
    {
        List<UpdatePathNode> nodes = [];
        for (int i = 0; i < steps.Count; i++)
        {
            List<HpkeCiphertext> ciphertexts = [];
            foreach (NodeIndex receiver in steps[i].Resolution)
            {
                if (added.Contains(receiver)) continue;
                ciphertexts.Add(Hpke.EncryptWithLabel(
                    tree.EncryptionKey(receiver), TreeKem.EncryptionLabel, groupContext, pathSecrets[i]));
            }

            nodes.Add(new UpdatePathNode(tree.EncryptionKey(steps[i].Node), ciphertexts));
        }

        return new UpdatePath(Leaf, nodes);
    }

    /// <summary>RFC 9420 §12.4.1: the secret of the lowest path node above both of us, for a new member's Welcome.</summary>
    public byte[] SecretFor(LeafIndex newMember)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            if (TreeMath.Contains(steps[i].Node, newMember)) return pathSecrets[i];
        }

        throw new ArgumentOutOfRangeException(nameof(newMember));
    }

    public void Dispose()
    {
        foreach (byte[] secret in pathSecrets) CryptographicOperations.ZeroMemory(secret);
    }
}
