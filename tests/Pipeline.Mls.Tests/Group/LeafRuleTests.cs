using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>RFC 9420 §7.3 and §10.1, one test for each rule: everything else about the leaf or the key package is right.</summary>
public sealed class LeafRuleTests : IDisposable
{
    private const ushort Grease = 0x0A0A;
    private static readonly Extension Greased = new(Grease, []);

    private readonly MlsIdentity identity = MlsIdentity.Create(7);
    private readonly MlsIdentity stranger = MlsIdentity.Create(8);
    private readonly LeafForge good;

    public LeafRuleTests() => good = new LeafForge(identity);

    public void Dispose()
    {
        identity.Dispose();
        stranger.Dispose();
    }

    [Fact]
    public void Good_one_is_taken()
    {
        Check(good);
        LeafValidator.CheckKeyPackage(good.KeyPackage(), GroupPolicy.Dave, []);
        Capabilities more = Capabilities.Own with { Extensions = [Grease], Proposals = [Grease] };
        Check(good with { Capabilities = more, Extensions = [Greased] }, Greased, Required([Grease], [Grease, 1], [Credential.Basic]));
    }

    // DAVE, "Key Packages": source, lifetime, no extensions
    [Fact]
    public void Key_package_of_ours_has_a_lifetime_without_bounds()
    {
        byte[] lifetime = [1, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0];
        Assert.True(LeafNode.CreateForKeyPackage(identity, LeafForge.NewKey()).Encoded.IndexOf(lifetime) > 0);
    }

    // §10.1
    [Fact]
    public void Key_package_of_another_version_is_refused() =>
        Refuse(MlsError.WrongVersion, good with { Version = 2 });

    [Fact]
    public void Key_package_of_another_suite_is_refused() =>
        Refuse(MlsError.WrongCipherSuite, good with { Suite = 1 });

    [Theory]
    [InlineData(LeafNodeSource.Update)]
    [InlineData(LeafNodeSource.Commit)]
    internal void Key_package_whose_leaf_comes_from_elsewhere_is_refused(LeafNodeSource source) =>
        Refuse(MlsError.WrongLeafSource, good with { Source = source });

    [Fact]
    public void Init_key_that_is_the_encryption_key_is_refused() =>
        Refuse(MlsError.InitKeyReused, good with { InitKey = good.EncryptionKey });

    [Fact]
    public void Init_key_off_the_curve_is_refused() =>
        Refuse(MlsError.BadKey, good with { InitKey = LeafForge.OffCurve(good.InitKey) });

    [Fact]
    public void Key_package_signed_by_another_is_refused() =>
        Refused.With(MlsError.BadSignature, () => LeafValidator.CheckKeyPackage(good.KeyPackage(stranger), GroupPolicy.Dave, []));

    // §7.3
    [Fact]
    public void Leaf_signed_by_another_is_refused()
    {
        LeafForge forged = new(stranger) { SignatureKey = identity.SignatureKey.ToArray(), Credential = identity.Credential };
        Refused.With(MlsError.BadSignature, () => LeafValidator.CheckKeyPackage(forged.KeyPackage(identity), GroupPolicy.Dave, []));
    }

    [Fact]
    public void Certificates_are_refused() =>
        RefuseLeaf(MlsError.BadCredential, good with { Credential = new Credential(Credential.X509, [0]) });

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(0)]
    public void User_id_of_another_length_is_refused_in_a_call_alone(int length)
    {
        LeafForge forged = good with { Credential = new Credential(Credential.Basic, new byte[length]) };
        RefuseLeaf(MlsError.BadCredential, forged);
        LeafValidator.Check(forged.Leaf(), GroupPolicy.Rfc, []);
    }

    [Fact]
    public void Encryption_key_off_the_curve_is_refused() =>
        RefuseLeaf(MlsError.BadKey, good with { EncryptionKey = LeafForge.OffCurve(good.EncryptionKey) });

    [Theory]
    [InlineData(2, 65)] // the form of a compressed point with the length of a whole one
    [InlineData(6, 65)]
    [InlineData(4, 64)]
    [InlineData(4, 66)]
    public void Keys_that_are_no_uncompressed_point_are_refused(byte form, int length)
    {
        byte[] key = [form, .. good.EncryptionKey[1..], 0];
        RefuseLeaf(MlsError.BadKey, good with { EncryptionKey = key[..length] });
        RefuseLeaf(MlsError.BadKey, good with { SignatureKey = key[..length] });
        Refuse(MlsError.BadKey, good with { InitKey = key[..length] });
    }

    [Fact]
    public void Leaf_without_our_version_among_its_capabilities_is_refused() =>
        RefuseLeaf(MlsError.UnsupportedCapabilities, good with { Capabilities = Capabilities.Own with { Versions = [2] } });

    [Fact]
    public void Leaf_without_our_suite_among_its_capabilities_is_refused() =>
        RefuseLeaf(MlsError.UnsupportedCapabilities, good with { Capabilities = Capabilities.Own with { CipherSuites = [1] } });

    [Fact]
    public void Leaf_that_does_not_support_its_own_credential_is_refused() => RefuseLeaf(MlsError.UnsupportedCapabilities,
        good with { Capabilities = Capabilities.Own with { Credentials = [Credential.X509] } });

    [Fact]
    public void Leaf_that_does_not_support_its_own_extension_is_refused() =>
        RefuseLeaf(MlsError.UnsupportedCapabilities, good with { Extensions = [Greased] });

    [Fact]
    public void Leaf_that_does_not_support_an_extension_of_the_group_is_refused() =>
        RefuseLeaf(MlsError.UnsupportedCapabilities, good, Greased);

    // §11.1
    [Fact]
    public void Leaf_without_what_the_group_requires_is_refused()
    {
        RefuseLeaf(MlsError.UnsupportedCapabilities, good, Required([Grease], [], []));
        RefuseLeaf(MlsError.UnsupportedCapabilities, good, Required([], [Grease], []));
        RefuseLeaf(MlsError.UnsupportedCapabilities, good, Required([], [], [Credential.X509]));
        Refused.With(MlsError.TrailingBytes, () => Check(good, new Extension(Extension.RequiredCapabilities, [0, 0, 0, 0])));
    }

    private static Extension Required(ushort[] extensions, ushort[] proposals, ushort[] credentials)
    {
        using TlsWriter data = new();
        data.WriteUInt16List(extensions);
        data.WriteUInt16List(proposals);
        data.WriteUInt16List(credentials);
        return new Extension(3, data.ToArray()); // RFC 9420 §17.3
    }

    private static void Check(LeafForge forge, params Extension[] ofGroup) => LeafValidator.Check(forge.Leaf(), GroupPolicy.Dave, ofGroup);

    // What a leaf is refused for, a key package is refused for too.
    private static void RefuseLeaf(MlsError error, LeafForge forge, params Extension[] ofGroup)
    {
        Refused.With(error, () => Check(forge, ofGroup));
        Refused.With(error, () => LeafValidator.CheckKeyPackage(forge.KeyPackage(), GroupPolicy.Dave, ofGroup));
    }

    private static void Refuse(MlsError error, LeafForge forge) =>
        Refused.With(error, () => LeafValidator.CheckKeyPackage(forge.KeyPackage(), GroupPolicy.Dave, []));
}
