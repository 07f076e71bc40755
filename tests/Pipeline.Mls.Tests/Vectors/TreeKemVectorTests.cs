using System.Security.Cryptography;
using System.Text.Json;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Vectors;

public sealed class TreeKemVectorTests
{
    private static readonly HashSet<NodeIndex> NobodyAdded = [];

    [Fact]
    public void Paths_are_followed_and_made() => VectorFile.ForEach("treekem.json", 11, vector =>
    {
        if (!vector.IsSuite2()) return false;
        foreach (JsonElement published in vector.List("update_paths"))
        {
            CheckPublished(vector, published);
            CheckOurs(vector, new LeafIndex(published.GetProperty("sender").GetUInt32()));
        }

        return true;
    });

    private static void CheckPublished(JsonElement vector, JsonElement published)
    {
        LeafIndex sender = new(published.GetProperty("sender").GetUInt32());
        TlsReader reader = new(published.Hex("update_path"));
        UpdatePath path = UpdatePath.Read(ref reader);
        RatchetTree tree = Tree(vector);
        TreeKem.Merge(tree, sender, path, NobodyAdded);
        Assert.True(path.Leaf.VerifySignature(vector.Hex("group_id"), sender));
        Assert.Equal(published.Hex("tree_hash_after"), TreeHasher.HashRoot(tree));
        ParentHashValidator.Check(tree);

        List<JsonElement> expectedSecrets = [.. published.List("path_secrets")];
        foreach (JsonElement member in Members(vector, except: sender))
        {
            using TreePrivateKeys keys = PrivateKeys(vector, member).CopyFor(tree);
            byte[] commitSecret = TreeKem.Decrypt(tree, sender, path, NobodyAdded, keys, Context(vector, tree));
            Assert.Equal(published.Hex("commit_secret"), commitSecret);
            byte[] expected = Convert.FromHexString(expectedSecrets[(int)keys.Own.Value].GetString()!);
            NodeIndex shared = TreeMath.CommonAncestor(sender, keys.Own);
            using HpkeKeyPair expectedKeys = TreeKem.DeriveNodeKeys(expected);
            Assert.Equal(expectedKeys.PrivateKey.ToArray(), keys.Find(shared)!.PrivateKey.ToArray());
        }
    }

    private static void CheckOurs(JsonElement vector, LeafIndex sender)
    {
        RatchetTree tree = Tree(vector);
        JsonElement own = vector.List("leaves_private").Single(leaf => Index(leaf) == sender);
        using ECDsa key = ECDsa.Create(
            new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = own.Hex("signature_priv") });
        using MlsIdentity identity = new(key, tree[sender]!.Credential);
        using OwnPath made = OwnPath.Create(tree, sender, identity, vector.Hex("group_id"));
        UpdatePath path = made.Encrypt(tree, NobodyAdded, Context(vector, tree));

        RatchetTree theirs = Tree(vector);
        TreeKem.Merge(theirs, sender, path, NobodyAdded);
        Assert.Equal(TreeHasher.HashRoot(tree), TreeHasher.HashRoot(theirs));
        foreach (JsonElement member in Members(vector, except: sender))
        {
            using TreePrivateKeys keys = PrivateKeys(vector, member).CopyFor(theirs);
            byte[] commitSecret = TreeKem.Decrypt(theirs, sender, path, NobodyAdded, keys, Context(vector, theirs));
            Assert.Equal(made.CommitSecret, commitSecret);
        }
    }

    private static RatchetTree Tree(JsonElement vector) => RatchetTreeCodec.Parse(vector.Hex("ratchet_tree"));

    private static byte[] Context(JsonElement vector, RatchetTree tree) => new GroupContext(
        vector.Hex("group_id"),
        vector.GetProperty("epoch").GetUInt64(),
        TreeHasher.HashRoot(tree),
        vector.Hex("confirmed_transcript_hash"),
        []).Encode();

    private static IEnumerable<JsonElement> Members(JsonElement vector, LeafIndex except) =>
        vector.List("leaves_private").Where(leaf => Index(leaf) != except);

    private static LeafIndex Index(JsonElement leaf) => new(leaf.GetProperty("index").GetUInt32());

    private static TreePrivateKeys PrivateKeys(JsonElement vector, JsonElement leaf)
    {
        TreePrivateKeys keys = new(Index(leaf), HpkeKeyPair.FromPrivateKey(leaf.Hex("encryption_priv")));
        RatchetTree tree = Tree(vector);
        foreach (JsonElement entry in leaf.List("path_secrets"))
        {
            NodeIndex node = new(entry.GetProperty("node").GetUInt32());
            HpkeKeyPair nodeKeys = TreeKem.DeriveNodeKeys(entry.Hex("path_secret"));
            Assert.Equal(tree.EncryptionKey(node), nodeKeys.PublicKey.ToArray());
            keys.Set(node, nodeKeys);
        }

        return keys;
    }
}
