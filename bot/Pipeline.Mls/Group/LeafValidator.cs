using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>What a leaf and a key package must be by themselves (RFC 9420 §7.3, §10.1).</summary>
internal static class LeafValidator
{
    private const int UserIdSize = 8;

    /// <summary>RFC 9420 §10.1: a key package that an add brings.</summary>
    public static void CheckKeyPackage(KeyPackage keyPackage, GroupPolicy policy, IReadOnlyList<Extension> groupExtensions)
    {
        MlsException.ThrowIf(keyPackage.Version != CipherSuite.ProtocolVersion, MlsError.WrongVersion);
        MlsException.ThrowIf(keyPackage.Suite != CipherSuite.Id, MlsError.WrongCipherSuite);
        MlsException.ThrowIf(keyPackage.Leaf.Source != LeafNodeSource.KeyPackage, MlsError.WrongLeafSource);
        bool initKeyReused = keyPackage.InitKey.AsSpan().SequenceEqual(keyPackage.Leaf.EncryptionKey);
        MlsException.ThrowIf(initKeyReused, MlsError.InitKeyReused);
        CheckPublicKey(keyPackage.InitKey);
        Check(keyPackage.Leaf, policy, groupExtensions);
        MlsException.ThrowIf(!keyPackage.VerifySignature(), MlsError.BadSignature);
        // A key package's leaf is signed without a place, so group and index do not matter.
        MlsException.ThrowIf(!keyPackage.Leaf.VerifySignature([], default), MlsError.BadSignature);
    }

    /// <summary>RFC 9420 §7.3 without signature, source and what depends on other members.</summary>
    public static void Check(LeafNode leaf, GroupPolicy policy, IReadOnlyList<Extension> groupExtensions)
    {
        // DAVE, "MLS Parameters" and "Validation": basic, the user id in 8 bytes. Certificates nobody here could judge.
        MlsException.ThrowIf(leaf.Credential.Type != Credential.Basic, MlsError.BadCredential);
        MlsException.ThrowIf(policy.IsDave && leaf.Credential.Identity.Length != UserIdSize, MlsError.BadCredential);
        CheckPublicKey(leaf.EncryptionKey);
        MlsException.ThrowIf(!EllipticCurve.HasPointForm(leaf.SignatureKey), MlsError.BadKey);
        MlsException.ThrowIf(!SupportsItself(leaf), MlsError.UnsupportedCapabilities);
        CheckSupports(leaf, groupExtensions);
    }

    /// <summary>RFC 9420 §7.3, §11.1: a member supports each extension of the group and what the group requires.</summary>
    public static void CheckSupports(LeafNode leaf, IReadOnlyList<Extension> groupExtensions)
    {
        foreach (Extension extension in groupExtensions)
        {
            MlsException.ThrowIf(!leaf.Capabilities.Supports(extension), MlsError.UnsupportedCapabilities);
            if (extension.Type == Extension.RequiredCapabilities) CheckRequired(leaf.Capabilities, extension.Data);
        }
    }

    /// <summary>RFC 9180 §7.1.4: a point that is not on the curve could never be encrypted to, so no commit would succeed.</summary>
    public static void CheckPublicKey(ReadOnlySpan<byte> publicKey) => EllipticCurve.ImportPublic(publicKey).Dispose();

    // RFC 9420 §7.2, §7.3: version, suite, own credential type and own extensions are among the capabilities.
    private static bool SupportsItself(LeafNode leaf) =>
        leaf.Capabilities.Versions.Contains(CipherSuite.ProtocolVersion) &&
        leaf.Capabilities.CipherSuites.Contains(CipherSuite.Id) &&
        leaf.Capabilities.Credentials.Contains(leaf.Credential.Type) &&
        leaf.Extensions.All(leaf.Capabilities.Supports);

    // RFC 9420 §11.1: u16 extension_types vector || u16 proposal_types vector || u16 credential_types vector.
    private static void CheckRequired(Capabilities capabilities, ReadOnlySpan<byte> data)
    {
        TlsReader reader = new(data);
        List<ushort> extensions = reader.ReadUInt16List();
        List<ushort> proposals = reader.ReadUInt16List();
        List<ushort> credentials = reader.ReadUInt16List();
        reader.ExpectEnd();
        bool supported =
            extensions.TrueForAll(type => capabilities.Supports(new Extension(type, []))) &&
            proposals.TrueForAll(type => Enum.IsDefined((ProposalKind)type) || capabilities.Proposals.Contains(type)) &&
            credentials.TrueForAll(capabilities.Credentials.Contains);
        MlsException.ThrowIf(!supported, MlsError.UnsupportedCapabilities);
    }
}
