using System.Security.Cryptography;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>
/// HPKE base mode (RFC 9180): KEM 0x0010 DHKEM(P-256, HKDF-SHA256), KDF 0x0001 HKDF-SHA256, AEAD 0x0001 AES-128-GCM.
/// One message for each context, so the sequence number is always zero and the nonce is the base nonce.
/// </summary>
internal static class Hpke
{
    private static ReadOnlySpan<byte> KemSuite => "KEM\x00\x10"u8;

    private static ReadOnlySpan<byte> HpkeSuite => "HPKE\x00\x10\x00\x01\x00\x01"u8;

    /// <summary>The order of P-256, big-endian.</summary>
    private static ReadOnlySpan<byte> Order =>
    [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    /// <summary>Encrypts to a public key with info <c>"MLS 1.0 " label || context</c> (RFC 9420 §5.1.3).</summary>
    public static HpkeCiphertext EncryptWithLabel(
        ReadOnlySpan<byte> publicKey, string label, ReadOnlySpan<byte> context, ReadOnlySpan<byte> plaintext)
    {
        using ECDiffieHellman recipient = EllipticCurve.ImportPublic(publicKey);
        using ECDiffieHellmanPublicKey recipientKey = recipient.PublicKey;
        using ECDiffieHellman ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] kemOutput = EllipticCurve.EncodePoint(ephemeral.ExportParameters(includePrivateParameters: false).Q);
        byte[] agreement = ephemeral.DeriveRawSecretAgreement(recipientKey);
        using AeadKey key = ScheduleKey(agreement, kemOutput, publicKey, label, context);
        return new HpkeCiphertext(kemOutput, key.Seal(plaintext));
    }

    /// <summary>The plaintext; <see cref="MlsError.BadCiphertext"/> when it does not open (RFC 9420 §5.1.3).</summary>
    public static byte[] DecryptWithLabel(
        HpkeKeyPair keyPair, string label, ReadOnlySpan<byte> context, HpkeCiphertext ciphertext)
    {
        using ECDiffieHellman sender = EllipticCurve.ImportPublic(ciphertext.KemOutput);
        using ECDiffieHellmanPublicKey senderKey = sender.PublicKey;
        using ECDiffieHellman own = EllipticCurve.ImportPrivate(keyPair.PrivateKey);
        byte[] agreement = own.DeriveRawSecretAgreement(senderKey);
        using AeadKey key = ScheduleKey(agreement, ciphertext.KemOutput, keyPair.PublicKey, label, context);
        return key.Open(ciphertext.Ciphertext);
    }

    /// <summary>The key pair of a secret (RFC 9180 §7.1.3): candidates until one is a scalar of the curve.</summary>
    public static HpkeKeyPair DeriveKeyPair(ReadOnlySpan<byte> inputKey)
    {
        using Wiped secret = new(LabeledExtract(KemSuite, [], "dkp_prk"u8, inputKey));
        for (int counter = 0; counter <= byte.MaxValue; counter++)
        {
            using Wiped candidate = new(LabeledExpand(
                KemSuite, secret.Bytes, "candidate"u8, [(byte)counter], CipherSuite.PrivateKeySize));
            if (IsScalar(candidate.Bytes)) return HpkeKeyPair.FromPrivateKey(candidate.Bytes);
        }

        throw new MlsException(MlsError.BadKey);
    }

    /// <summary>RFC 9180 §7.1.3: from 1 to the order of the curve less 1.</summary>
    internal static bool IsScalar(ReadOnlySpan<byte> candidate) =>
        candidate.ContainsAnyExcept((byte)0) && candidate.SequenceCompareTo(Order) < 0;

    /// <summary>RFC 9180 §4.1 (shared secret of the KEM) and §5.1 (key schedule, mode base). Wipes the agreement.</summary>
    private static AeadKey ScheduleKey(
        byte[] agreement, ReadOnlySpan<byte> kemOutput, ReadOnlySpan<byte> recipient, string label, ReadOnlySpan<byte> context)
    {
        using TlsWriter info = new();
        Kdf.WriteLabel(info, label);
        info.WriteVector(context);

        using Wiped agreed = new(agreement);
        using Wiped extracted = new(LabeledExtract(KemSuite, [], "eae_prk"u8, agreed.Bytes));
        using Wiped shared = new(LabeledExpand(
            KemSuite, extracted.Bytes, "shared_secret"u8, [.. kemOutput, .. recipient], CipherSuite.HashSize));
        byte[] pskIdHash = LabeledExtract(HpkeSuite, [], "psk_id_hash"u8, []);
        byte[] infoHash = LabeledExtract(HpkeSuite, [], "info_hash"u8, info.Written);
        byte[] scheduleContext = [0, .. pskIdHash, .. infoHash];
        using Wiped secret = new(LabeledExtract(HpkeSuite, shared.Bytes, "secret"u8, []));
        return new AeadKey(
            LabeledExpand(HpkeSuite, secret.Bytes, "key"u8, scheduleContext, CipherSuite.KeySize),
            LabeledExpand(HpkeSuite, secret.Bytes, "base_nonce"u8, scheduleContext, CipherSuite.NonceSize));
    }

    // RFC 9180 §4: the version, the suite and a label are part of every input.
    private static byte[] LabeledExtract(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> inputKey)
    {
        using TlsWriter labeled = new();
        labeled.WriteBytes("HPKE-v1"u8);
        labeled.WriteBytes(suite);
        labeled.WriteBytes(label);
        labeled.WriteBytes(inputKey);
        return Kdf.Extract(salt, labeled.Written);
    }

    private static byte[] LabeledExpand(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        using TlsWriter labeled = new();
        labeled.WriteUInt16((ushort)length);
        labeled.WriteBytes("HPKE-v1"u8);
        labeled.WriteBytes(suite);
        labeled.WriteBytes(label);
        labeled.WriteBytes(info);
        return Kdf.Expand(secret, labeled.Written, length);
    }
}
