using System.Security.Cryptography;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>Receiving a new path (RFC 9420 §7.5): merge its public half, decrypt our share, derive upwards.</summary>
internal static class TreeKem
{
    public const string EncryptionLabel = "UpdatePathNode";

    /// <summary>
    /// Puts a path into the tree after the proposals. Checks that its nodes and ciphertexts are those that the tree asks
    /// for (without <paramref name="added"/>, who get their secrets by Welcome) and that its leaf's parent hash fits.
    /// </summary>
    public static void Merge(RatchetTree tree, LeafIndex committer, UpdatePath path, IReadOnlySet<NodeIndex> added)
    {
        List<PathStep> steps = tree.FilteredDirectPath(committer);
        // RFC 9420 §12.4.2: one node for each node of the filtered direct path, one ciphertext for each of the resolution.
        MlsException.ThrowIf(steps.Count != path.Nodes.Count, MlsError.BadUpdatePath);
        for (int i = 0; i < steps.Count; i++)
        {
            int receivers = steps[i].Resolution.Count(node => !added.Contains(node));
            MlsException.ThrowIf(receivers != path.Nodes[i].Ciphertexts.Count, MlsError.BadUpdatePath);
        }

        byte[] parentHash = ReplacePath(tree, committer, steps, [.. path.Nodes.Select(node => node.EncryptionKey)]);
        // RFC 9420 §7.9.2: the new leaf's parent hash is the one of the path it came with.
        MlsException.ThrowIf(!parentHash.AsSpan().SequenceEqual(path.Leaf.ParentHash), MlsError.BadParentHash);
        tree.SetLeaf(committer, path.Leaf);
    }

    /// <summary>
    /// RFC 9420 §7.5, §7.9: blanks the direct path and puts the keys on its filtered nodes, with parent hashes from the root
    /// down. Returns the parent hash that the leaf must carry. New nodes have no unmerged leaves, so the original tree hash
    /// of each sibling is its tree hash.
    /// </summary>
    public static byte[] ReplacePath(
        RatchetTree tree, LeafIndex leaf, IReadOnlyList<PathStep> steps, IReadOnlyList<byte[]> encryptionKeys)
    {
        tree.BlankDirectPath(leaf);
        byte[] parentHash = [];
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            ParentNode node = new(encryptionKeys[i], parentHash, []);
            parentHash = TreeHasher.ParentHash(node, TreeHasher.Hash(tree, steps[i].CopathChild));
            tree.SetParent(steps[i].Node, node);
        }

        return parentHash;
    }

    /// <summary>
    /// Decrypts the path secret meant for us and derives all above it into <paramref name="keys"/>. Returns the commit
    /// secret. The tree is that after <see cref="Merge"/>; <paramref name="groupContext"/> is the provisional one.
    /// </summary>
    public static byte[] Decrypt(
        RatchetTree tree,
        LeafIndex committer,
        UpdatePath path,
        IReadOnlySet<NodeIndex> added,
        TreePrivateKeys keys,
        ReadOnlySpan<byte> groupContext)
    {
        List<PathStep> steps = tree.FilteredDirectPath(committer);
        int shared = steps.FindIndex(step => TreeMath.Contains(step.CopathChild, keys.Own));
        MlsException.ThrowIf(shared < 0, MlsError.BadUpdatePath);

        List<NodeIndex> receivers = [.. steps[shared].Resolution.Where(node => !added.Contains(node))];
        int ours = receivers.FindIndex(node => keys.Find(node) is not null);
        MlsException.ThrowIf(ours < 0, MlsError.BadUpdatePath);

        HpkeKeyPair keyPair = keys.Find(receivers[ours])!;
        HpkeCiphertext ciphertext = path.Nodes[shared].Ciphertexts[ours];
        byte[] pathSecret = Hpke.DecryptWithLabel(keyPair, EncryptionLabel, groupContext, ciphertext);
        MlsException.ThrowIf(pathSecret.Length != CipherSuite.HashSize, MlsError.BadUpdatePath); // RFC 9420 §7.4: KDF.Nh bytes
        return Implant(tree, keys, steps[shared].Node, pathSecret);
    }

    /// <summary>
    /// RFC 9420 §7.4: from one node's path secret derives the keys of it and of every node above that is not blank, each of
    /// which must have the public key that the tree shows. Returns the secret one step beyond the last: the commit secret.
    /// Wipes <paramref name="pathSecret"/>.
    /// </summary>
    public static byte[] Implant(RatchetTree tree, TreePrivateKeys keys, NodeIndex start, byte[] pathSecret)
    {
        bool agrees = !tree.IsBlank(start);
        foreach (NodeIndex node in TreeMath.Ancestors(start, tree.LeafCount).Prepend(start))
        {
            if (tree.IsBlank(node)) continue;
            HpkeKeyPair keyPair = DeriveNodeKeys(pathSecret);
            keys.Set(node, keyPair);
            agrees &= keyPair.PublicKey.SequenceEqual(tree.EncryptionKey(node));
            pathSecret = NextPathSecret(pathSecret);
        }

        if (agrees) return pathSecret;
        CryptographicOperations.ZeroMemory(pathSecret);
        throw new MlsException(MlsError.BadUpdatePath);
    }

    /// <summary>RFC 9420 §7.4: node_secret, and the key pair from it.</summary>
    public static HpkeKeyPair DeriveNodeKeys(ReadOnlySpan<byte> pathSecret)
    {
        using Wiped nodeSecret = new(Kdf.DeriveSecret(pathSecret, "node"));
        return Hpke.DeriveKeyPair(nodeSecret.Bytes);
    }

    private static byte[] NextPathSecret(byte[] pathSecret)
    {
        byte[] next = Kdf.DeriveSecret(pathSecret, "path");
        CryptographicOperations.ZeroMemory(pathSecret);
        return next;
    }
}

/// <summary>One node of a filtered direct path (RFC 9420 §4.1.2), with its child on the copath and that child's resolution.</summary>
internal readonly record struct PathStep(NodeIndex Node, NodeIndex CopathChild, IReadOnlyList<NodeIndex> Resolution);
