using System.Security.Cryptography;
using System.Text.Json;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Vectors;

public sealed class PassiveClientVectorTests
{
    private const int MessageHeader = 4;

    [Fact]
    public void Groups_are_joined() => VectorFile.ForEach("passive-client-welcome.json", 8, JoinAndFollow);

    [Fact]
    public void Commits_are_followed() =>
        VectorFile.ForEach("passive-client-handling-commit.json", 13, JoinAndFollow);

    private static bool JoinAndFollow(JsonElement vector)
    {
        if (!vector.IsSuite2()) return false;
        byte[] encoded = vector.Hex("key_package")[MessageHeader..];
        TlsReader reader = new(encoded);
        KeyPackage keyPackage = KeyPackage.Read(ref reader);
        using ECDsa key = ECDsa.Create(
            new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = vector.Hex("signature_priv") });
        using MlsIdentity identity = new(key, keyPackage.Leaf.Credential);
        using KeyPackageBundle bundle = new(
            identity,
            encoded,
            HpkeKeyPair.FromPrivateKey(vector.Hex("init_priv")),
            HpkeKeyPair.FromPrivateKey(vector.Hex("encryption_priv")));
        LeafValidator.CheckKeyPackage(keyPackage, GroupPolicy.Rfc, []);
        PreSharedKeys psks = PreSharedKeys.External(vector.List("external_psks").Select(psk => (psk.Hex("psk_id"), psk.Hex("psk"))));

        GroupState group = WelcomeReceiver.Join(
            vector.Hex("welcome").AsSpan(MessageHeader),
            bundle,
            new WelcomeReceiver.Options(GroupPolicy.Rfc, psks, vector.HexOrNull("ratchet_tree"), null));
        Assert.Equal(vector.Hex("initial_epoch_authenticator"), group.EpochAuthenticator.ToArray());
        foreach (JsonElement epoch in vector.List("epochs"))
        {
            GroupState before = group;
            List<QueuedProposal> proposals = [.. epoch.List("proposals").Select(
                proposal => before.ValidateProposal(Convert.FromHexString(proposal.GetString()!)))];
            group = before.Apply(epoch.Hex("commit"), proposals);
            before.Dispose();
            Assert.Equal(epoch.Hex("epoch_authenticator"), group.EpochAuthenticator.ToArray());
        }

        group.Dispose();
        return true;
    }
}
