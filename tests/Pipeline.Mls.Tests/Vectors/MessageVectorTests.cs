using System.Security.Cryptography;
using System.Text.Json;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Vectors;

public sealed class MessageVectorTests
{
    private delegate void WriteAgain(ref TlsReader reader, TlsWriter writer);

    /// <summary>Private messages are not part of this library: they must be refused, and nothing else is asked of them.</summary>
    [Fact]
    public void Every_message_is_written_as_it_was_read() => VectorFile.ForEach("messages.json", 20, vector =>
    {
        AgreeBehindHeader(vector, "mls_welcome", (ref reader, writer) => Welcome.Read(ref reader).Write(writer));
        AgreeBehindHeader(vector, "mls_group_info", (ref reader, writer) => GroupInfo.Read(ref reader).Write(writer));
        AgreeBehindHeader(vector, "mls_key_package", (ref reader, writer) => KeyPackage.Read(ref reader).Write(writer));
        Assert.Equal(vector.Hex("ratchet_tree"), RatchetTreeCodec.Encode(RatchetTreeCodec.Parse(vector.Hex("ratchet_tree"))));
        Agree(vector.Hex("group_secrets"), (ref reader, writer) => GroupSecrets.Read(ref reader).Write(writer));
        AgreeProposal(vector, "add_proposal", ProposalKind.Add);
        AgreeProposal(vector, "update_proposal", ProposalKind.Update);
        AgreeProposal(vector, "remove_proposal", ProposalKind.Remove);
        AgreeProposal(vector, "pre_shared_key_proposal", ProposalKind.PreSharedKey);
        AgreeProposal(vector, "re_init_proposal", ProposalKind.ReInit);
        AgreeProposal(vector, "external_init_proposal", ProposalKind.ExternalInit);
        AgreeProposal(vector, "group_context_extensions_proposal", ProposalKind.GroupContextExtensions);
        Agree(vector.Hex("commit"), (ref reader, writer) => Commit.Read(ref reader).Write(writer));
        foreach (string name in (string[])["public_message_application", "public_message_proposal", "public_message_commit"])
        {
            Assert.Equal(vector.Hex(name), PublicMessage.Parse(vector.Hex(name)).EncodeMessage());
        }

        MlsException refused = Assert.Throws<MlsException>(() => PublicMessage.Parse(vector.Hex("private_message")));
        Assert.Equal(MlsError.WrongMessageType, refused.Error);
        return true;
    });

    [Fact]
    public void Public_messages_verify_and_our_own_do() => VectorFile.ForEach("message-protection.json", 1, vector =>
    {
        if (!vector.IsSuite2()) return false;
        byte[] context = new GroupContext(
            vector.Hex("group_id"),
            vector.GetProperty("epoch").GetUInt64(),
            vector.Hex("tree_hash"),
            vector.Hex("confirmed_transcript_hash"),
            []).Encode();
        CheckPublic(vector, "proposal", context, content => content.Proposal!.Write);
        CheckPublic(vector, "commit", context, content => content.Commit!.Write);
        return true;
    });

    [Fact]
    public void Welcome_opens_and_its_group_info_verifies() => VectorFile.ForEach("welcome.json", 1, vector =>
    {
        if (!vector.IsSuite2()) return false;
        TlsReader packageReader = new(vector.Hex("key_package").AsSpan(4));
        KeyPackage keyPackage = KeyPackage.Read(ref packageReader);
        Welcome welcome = Welcome.Parse(vector.Hex("welcome").AsSpan(4));
        EncryptedGroupSecrets ours = Assert.Single(
            welcome.Secrets, secrets => secrets.NewMember.AsSpan().SequenceEqual(keyPackage.ComputeReference()));
        using HpkeKeyPair initKeys = HpkeKeyPair.FromPrivateKey(vector.Hex("init_priv"));
        byte[] plain = Hpke.DecryptWithLabel(initKeys, "Welcome", welcome.EncryptedGroupInfo, ours.Encrypted);
        TlsReader secretsReader = new(plain);
        using GroupSecrets secrets = GroupSecrets.Read(ref secretsReader);
        byte[] member = KeySchedule.MemberSecret(secrets.JoinerSecret, KeySchedule.Zero);
        using AeadKey welcomeKey = KeySchedule.WelcomeKey(member);
        TlsReader infoReader = new(welcomeKey.Open(welcome.EncryptedGroupInfo));
        GroupInfo info = GroupInfo.Read(ref infoReader);
        Assert.True(info.VerifySignature(vector.Hex("signer_pub")));
        using EpochSecrets epoch = EpochSecrets.Derive(member, info.Context.Encode());
        Assert.Equal(info.ConfirmationTag, epoch.ComputeConfirmationTag(info.Context.ConfirmedTranscriptHash));
        return true;
    });

    private static void CheckPublic(
        JsonElement vector, string name, byte[] context, Func<FramedContent, Action<TlsWriter>> writeBody)
    {
        PublicMessage theirs = PublicMessage.Parse(vector.Hex(name + "_pub"));
        byte[] membershipKey = vector.Hex("membership_key");
        Assert.True(theirs.VerifyMembershipTag(membershipKey, context));
        Assert.True(theirs.Authenticated.VerifySignature(vector.Hex("signature_pub"), context));
        using TlsWriter body = new();
        writeBody(theirs.Content)(body);
        Assert.Equal(vector.Hex(name), body.ToArray());

        using ECDsa key = ECDsa.Create(
            new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = vector.Hex("signature_priv") });
        AuthenticatedContent signed = AuthenticatedContent.Sign(theirs.Content, context, key) with
        {
            ConfirmationTag = theirs.Authenticated.ConfirmationTag,
        };
        PublicMessage ours = PublicMessage.Parse(PublicMessage.Protect(signed, membershipKey, context).EncodeMessage());
        Assert.True(ours.VerifyMembershipTag(membershipKey, context));
        Assert.True(ours.Authenticated.VerifySignature(vector.Hex("signature_pub"), context));
    }

    private static void Agree(ReadOnlySpan<byte> bytes, WriteAgain writeAgain)
    {
        TlsReader reader = new(bytes);
        using TlsWriter writer = new();
        writeAgain(ref reader, writer);
        reader.ExpectEnd();
        Assert.Equal(bytes.ToArray(), writer.ToArray());
    }

    private static void AgreeBehindHeader(JsonElement vector, string name, WriteAgain writeAgain) =>
        Agree(vector.Hex(name).AsSpan(4), writeAgain);

    private static void AgreeProposal(JsonElement vector, string name, ProposalKind kind) =>
        Agree([0, (byte)kind, .. vector.Hex(name)], (ref reader, writer) => Proposal.Read(ref reader).Write(writer));
}
