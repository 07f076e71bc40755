using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>What a tree must be as a whole: after every commit, and entirely at a Welcome (RFC 9420 §7.3, §12.4.3.1).</summary>
internal static class TreeValidator
{
    /// <summary>RFC 9420 §12.4.3.1: everything about a tree that a new member is handed, but its hash.</summary>
    public static void CheckForJoin(
        RatchetTree tree, ReadOnlySpan<byte> groupId, GroupPolicy policy, IReadOnlyList<Extension> groupExtensions)
    {
        CheckUnmergedLeaves(tree);
        CheckMembers(tree, policy);
        ParentHashValidator.Check(tree);
        foreach ((NodeIndex _, ParentNode parent) in tree.Parents()) LeafValidator.CheckPublicKey(parent.EncryptionKey);
        foreach ((LeafIndex index, LeafNode leaf) in tree.Members())
        {
            LeafValidator.Check(leaf, policy, groupExtensions);
            MlsException.ThrowIf(!leaf.VerifySignature(groupId, index), MlsError.BadSignature);
        }
    }

    /// <summary>What one member means for the others; O(members).</summary>
    public static void CheckMembers(RatchetTree tree, GroupPolicy policy)
    {
        List<LeafNode> members = [.. tree.Members().Select(member => member.Leaf)];
        MlsException.ThrowIf(members.Count > MlsLimits.MaxMembers, MlsError.TooLarge);
        // RFC 9420 §7.3: signature keys are unique among members; encryption keys among all nodes (§12.4.3.1, §12.4.2).
        IEnumerable<byte[]> encryptionKeys = members.Select(leaf => leaf.EncryptionKey)
            .Concat(tree.Parents().Select(parent => parent.Node.EncryptionKey));
        MlsException.ThrowIf(HasDuplicate(members.Select(leaf => leaf.SignatureKey)), MlsError.DuplicateKey);
        MlsException.ThrowIf(HasDuplicate(encryptionKeys), MlsError.DuplicateKey);
        // DAVE, "Client Commit Validity": one leaf for each user id.
        bool duplicateUser = policy.IsDave && HasDuplicate(members.Select(leaf => leaf.Credential.Identity));
        MlsException.ThrowIf(duplicateUser, MlsError.DuplicateIdentity);
        // RFC 9420 §7.3: everyone supports every credential type in use.
        HashSet<ushort> credentialTypes = [.. members.Select(leaf => leaf.Credential.Type)];
        bool supported = members.TrueForAll(leaf => credentialTypes.All(leaf.Capabilities.Credentials.Contains));
        MlsException.ThrowIf(!supported, MlsError.UnsupportedCapabilities);
    }

    /// <summary>
    /// RFC 9420 §12.4.3.1: an unmerged leaf is a member under its node, and unmerged in every node between that is not blank.
    /// </summary>
    private static void CheckUnmergedLeaves(RatchetTree tree)
    {
        foreach ((NodeIndex index, ParentNode parent) in tree.Parents())
        {
            foreach (uint unmerged in parent.UnmergedLeaves)
            {
                LeafIndex leaf = new(unmerged);
                MlsException.ThrowIf(tree[leaf] is null || !TreeMath.Contains(index, leaf), MlsError.BadUnmergedLeaves);
                foreach (NodeIndex between in TreeMath.DirectPath(leaf, tree.LeafCount).TakeWhile(node => node != index))
                {
                    bool known = tree.Parent(between)?.HasUnmerged(leaf) ?? true;
                    MlsException.ThrowIf(!known, MlsError.BadUnmergedLeaves);
                }
            }
        }
    }

    private static bool HasDuplicate(IEnumerable<byte[]> values)
    {
        HashSet<string> seen = [];
        return values.Any(value => !seen.Add(Convert.ToBase64String(value)));
    }
}
