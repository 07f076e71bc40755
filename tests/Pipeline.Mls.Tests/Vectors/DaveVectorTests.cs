using System.Buffers.Binary;
using System.Text.Json;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;
using Pipeline.TestKit;

namespace Pipeline.Mls.Tests.Vectors;

/// <summary>Groups recorded with davey (OpenMLS) as the other members: our member joins and follows every commit.</summary>
public sealed class DaveVectorTests
{
    private const string ExporterLabel = "Discord Secure Frames v0";

    [Fact]
    public void Recorded_groups_are_joined_and_followed()
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllBytes(RepositoryRoot.Combine("tests", "vectors", "dave-vectors.json")));
        int steps = 0;
        foreach (JsonElement scenario in document.RootElement.List("scenarios"))
        {
            steps += Follow(document.RootElement, scenario);
        }

        Console.WriteLine($"note: dave-vectors.json: {steps} steps passed, 0 skipped");
        Assert.Equal(7, steps);
    }

    private static int Follow(JsonElement root, JsonElement scenario)
    {
        JsonElement keys = scenario.GetProperty("keys");
        using MlsIdentity identity = MlsIdentity.Import(ulong.Parse(root.Text("me")), keys.Hex("signature_priv_pkcs8"));
        Assert.Equal(keys.Hex("signature_pub"), identity.SignatureKey.ToArray());
        using KeyPackageBundle bundle = new(
            identity,
            keys.Hex("key_package"),
            HpkeKeyPair.FromPrivateKey(keys.Hex("init_priv")),
            HpkeKeyPair.FromPrivateKey(keys.Hex("leaf_encryption_priv")));
        Assert.Equal(keys.Hex("key_package_ref"), bundle.Reference);

        GroupState? group = null;
        int steps = 0;
        foreach (JsonElement step in scenario.List("steps"))
        {
            GroupState next = group is null ? Join(root, step, bundle) : Apply(group, step);
            group?.Dispose();
            group = next;
            CheckAfter(group, step.GetProperty("after"));
            steps++;
        }

        group?.Dispose();
        return steps;
    }

    private static GroupState Join(JsonElement root, JsonElement step, KeyPackageBundle bundle)
    {
        byte[] groupId = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(groupId, ulong.Parse(root.Text("channel_id")));
        HashSet<ulong> expected = [.. step.GetProperty("after").List("members").Select(user => ulong.Parse(user.GetString()!))];
        return GroupState.Join(step.Hex("welcome"), bundle, new JoinExpectations
        {
            GroupId = groupId,
            ExternalSender = ExternalSender.Parse(root.Hex("external_sender_op25")),
            IsRecognised = expected.Contains,
        });
    }

    private static GroupState Apply(GroupState group, JsonElement step)
    {
        TlsReader reader = new(step.Hex("op27"));
        Assert.Equal(0, reader.ReadUInt8());
        IReadOnlyList<QueuedProposal> proposals = group.ValidateProposals(reader.ReadVector());
        reader.ExpectEnd();
        return group.Apply(step.Hex("commit"), proposals);
    }

    private static void CheckAfter(GroupState group, JsonElement after)
    {
        Assert.Equal(ulong.Parse(after.Text("epoch")), group.Epoch);
        Assert.Equal(after.Hex("tree_hash"), group.TreeHash.ToArray());
        Assert.Equal(after.Hex("confirmed_transcript_hash"), group.ConfirmedTranscriptHash.ToArray());
        Assert.Equal(after.Hex("epoch_authenticator"), group.EpochAuthenticator.ToArray());
        Assert.Equal(
            after.List("members").Select(user => ulong.Parse(user.GetString()!)).Order(),
            group.Members.Select(member => member.UserId).Order());
        Span<byte> context = stackalloc byte[8];
        foreach (JsonElement frame in after.List("frames"))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(context, ulong.Parse(frame.Text("user")));
            byte[] baseSecret = group.Export(ExporterLabel, context, 16);
            Assert.Equal(frame.Hex("sender_base_secret"), baseSecret);
            Assert.Equal(frame.Hex("key_generation_0"), Kdf.DeriveTreeSecret(baseSecret, "key", 0, 16));
        }
    }
}
