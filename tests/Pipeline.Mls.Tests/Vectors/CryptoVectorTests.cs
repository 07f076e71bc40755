using System.Security.Cryptography;
using System.Text.Json;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Vectors;

public sealed class CryptoVectorTests
{
    [Fact]
    public void Labelled_crypto_agrees() => VectorFile.ForEach("crypto-basics.json", 1, vector =>
    {
        if (!vector.IsSuite2()) return false;
        JsonElement reference = vector.GetProperty("ref_hash");
        Assert.Equal(reference.Hex("out"), ReferenceHash.Compute(reference.Text("label"), reference.Hex("value")));

        JsonElement expand = vector.GetProperty("expand_with_label");
        Assert.Equal(expand.Hex("out"), Kdf.ExpandWithLabel(
            expand.Hex("secret"), expand.Text("label"), expand.Hex("context"), expand.GetProperty("length").GetInt32()));

        JsonElement derive = vector.GetProperty("derive_secret");
        Assert.Equal(derive.Hex("out"), Kdf.DeriveSecret(derive.Hex("secret"), derive.Text("label")));

        JsonElement tree = vector.GetProperty("derive_tree_secret");
        Assert.Equal(tree.Hex("out"), Kdf.DeriveTreeSecret(
            tree.Hex("secret"), tree.Text("label"), tree.GetProperty("generation").GetUInt32(), tree.GetProperty("length").GetInt32()));

        CheckSignature(vector.GetProperty("sign_with_label"));
        CheckEncryption(vector.GetProperty("encrypt_with_label"));
        return true;
    });

    [Fact]
    public void Ciphertext_shorter_than_its_tag_is_refused_and_one_of_nothing_but_a_tag_is_empty()
    {
        using AeadKey key = new(new byte[16], new byte[12]);
        Assert.Empty(key.Open(key.Seal([])));
        Assert.Equal(MlsError.BadCiphertext, Assert.Throws<MlsException>(() => key.Open(new byte[15])).Error);
        Assert.Equal(MlsError.BadCiphertext, Assert.Throws<MlsException>(() => key.Open(new byte[16])).Error);
    }

    [Fact]
    public void Key_schedule_agrees() => VectorFile.ForEach("key-schedule.json", 1, vector =>
    {
        if (!vector.IsSuite2()) return false;
        byte[] initSecret = vector.Hex("initial_init_secret");
        ulong number = 0;
        foreach (JsonElement epoch in vector.List("epochs"))
        {
            GroupContext context = new(
                vector.Hex("group_id"), number++, epoch.Hex("tree_hash"), epoch.Hex("confirmed_transcript_hash"), []);
            byte[] encoded = context.Encode();
            Assert.Equal(epoch.Hex("group_context"), encoded);
            byte[] joiner = KeySchedule.JoinerSecret(initSecret, epoch.Hex("commit_secret"), encoded);
            Assert.Equal(epoch.Hex("joiner_secret"), joiner);
            byte[] member = KeySchedule.MemberSecret(joiner, epoch.Hex("psk_secret"));
            Assert.Equal(epoch.Hex("welcome_secret"), Kdf.DeriveSecret(member, "welcome"));
            CheckEpoch(epoch, EpochSecrets.Derive(member, encoded));
            initSecret = epoch.Hex("init_secret");
        }

        return true;
    });

    [Fact]
    public void Pre_shared_key_secret_agrees() => VectorFile.ForEach("psk_secret.json", 11, vector =>
    {
        if (!vector.IsSuite2()) return false;
        List<JsonElement> psks = [.. vector.List("psks")];
        PreSharedKeys keys = PreSharedKeys.External(psks.Select(psk => (psk.Hex("psk_id"), psk.Hex("psk"))));
        byte[] secret = keys.ComputeSecret(
            [.. psks.Select(psk => new PreSharedKeyId(true, 0, psk.Hex("psk_id"), 0, psk.Hex("psk_nonce")))]);
        Assert.Equal(vector.Hex("psk_secret"), secret);
        return true;
    });

    [Fact]
    public void Pre_shared_key_that_is_not_held_is_named() => Assert.Equal(MlsError.UnknownPreSharedKey, Assert.Throws<MlsException>(() =>
        PreSharedKeys.External([([2], new byte[32])]).ComputeSecret([new PreSharedKeyId(true, 0, [1], 0, new byte[32])])).Error);

    [Fact]
    public void Transcript_hashes_agree() => VectorFile.ForEach("transcript-hashes.json", 1, vector =>
    {
        if (!vector.IsSuite2()) return false;
        TlsReader reader = new(vector.Hex("authenticated_content"));
        AuthenticatedContent content = AuthenticatedContent.Read(ref reader);
        reader.ExpectEnd();
        byte[] confirmed = TranscriptHash.Confirmed(vector.Hex("interim_transcript_hash_before"), content);
        Assert.Equal(vector.Hex("confirmed_transcript_hash_after"), confirmed);
        Assert.Equal(
            vector.Hex("interim_transcript_hash_after"), TranscriptHash.Interim(confirmed, content.ConfirmationTag));
        Assert.Equal(HMACSHA256.HashData(vector.Hex("confirmation_key"), confirmed), content.ConfirmationTag);
        return true;
    });

    [Fact]
    public void Vector_lengths_agree() => VectorFile.ForEach("deserialization.json", 14, vector =>
    {
        TlsReader reader = new(vector.Hex("vlbytes_header"));
        Assert.Equal(vector.GetProperty("length").GetInt32(), reader.ReadLength());
        reader.ExpectEnd();
        return true;
    });

    [Fact]
    public void Tree_arithmetic_agrees() => VectorFile.ForEach("tree-math.json", 10, vector =>
    {
        uint leaves = vector.GetProperty("n_leaves").GetUInt32();
        Assert.Equal(vector.GetProperty("n_nodes").GetUInt32(), TreeMath.NodeCount(leaves));
        Assert.Equal(vector.GetProperty("root").GetUInt32(), TreeMath.Root(leaves).Value);
        CheckRelation(vector, "left", TreeMath.Left);
        CheckRelation(vector, "right", TreeMath.Right);
        CheckRelation(vector, "parent", TreeMath.Parent);
        CheckRelation(vector, "sibling", TreeMath.Sibling);
        return true;
    });

    private static void CheckSignature(JsonElement vector)
    {
        using ECDsa key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = vector.Hex("priv") });
        byte[] content = vector.Hex("content");
        string label = vector.Text("label");
        Assert.True(Signatures.VerifyWithLabel(vector.Hex("pub"), label, content, vector.Hex("signature")));
        byte[] ours = Signatures.SignWithLabel(key, label, content);
        Assert.True(Signatures.VerifyWithLabel(vector.Hex("pub"), label, content, ours));
        Assert.False(Signatures.VerifyWithLabel(vector.Hex("pub"), label + "x", content, ours));
    }

    private static void CheckEncryption(JsonElement vector)
    {
        using HpkeKeyPair keys = HpkeKeyPair.FromPrivateKey(vector.Hex("priv"));
        Assert.Equal(vector.Hex("pub"), keys.PublicKey.ToArray());
        string label = vector.Text("label");
        byte[] context = vector.Hex("context");
        byte[] plaintext = vector.Hex("plaintext");
        HpkeCiphertext theirs = new(vector.Hex("kem_output"), vector.Hex("ciphertext"));
        Assert.Equal(plaintext, Hpke.DecryptWithLabel(keys, label, context, theirs));
        HpkeCiphertext ours = Hpke.EncryptWithLabel(keys.PublicKey, label, context, plaintext);
        Assert.Equal(plaintext, Hpke.DecryptWithLabel(keys, label, context, ours));
    }

    private static void CheckEpoch(JsonElement epoch, EpochSecrets secrets)
    {
        Assert.Equal(epoch.Hex("init_secret"), secrets.Init);
        Assert.Equal(epoch.Hex("exporter_secret"), secrets.Exporter);
        Assert.Equal(epoch.Hex("confirmation_key"), secrets.ConfirmationKey);
        Assert.Equal(epoch.Hex("membership_key"), secrets.MembershipKey);
        Assert.Equal(epoch.Hex("epoch_authenticator"), secrets.Authenticator);
        Assert.Equal(epoch.Hex("resumption_psk"), secrets.ResumptionPsk);
        JsonElement exporter = epoch.GetProperty("exporter");
        Assert.Equal(exporter.Hex("secret"), secrets.Export(
            exporter.Text("label"), exporter.Hex("context"), exporter.GetProperty("length").GetInt32()));
        using HpkeKeyPair external = Hpke.DeriveKeyPair(epoch.Hex("external_secret"));
        Assert.Equal(epoch.Hex("external_pub"), external.PublicKey.ToArray());
    }

    private static void CheckRelation(JsonElement vector, string name, Func<NodeIndex, NodeIndex> relation)
    {
        uint node = 0;
        foreach (JsonElement expected in vector.List(name))
        {
            if (expected.ValueKind == JsonValueKind.Number) Assert.Equal(expected.GetUInt32(), relation(new NodeIndex(node)).Value);
            node++;
        }
    }
}
