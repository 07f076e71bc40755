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
        byte[] secret = LabeledExtract(KemSuite, [], "dkp_prk"u8, inputKey);
        try
        {
            for (int counter = 0; counter <= byte.MaxValue; counter++)
            {
                byte[] candidate = LabeledExpand(
                    KemSuite, secret, "candidate"u8, [(byte)counter], CipherSuite.PrivateKeySize);
                try
                {
                    if (IsScalar(candidate)) return HpkeKeyPair.FromPrivateKey(candidate);
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(candidate);
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }

        throw new MlsException(MlsError.BadKey);
    }

    private static bool IsScalar(ReadOnlySpan<byte> candidate) =>
        candidate.ContainsAnyExcept((byte)0) && candidate.SequenceCompareTo(Order) < 0;

    /// <summary>RFC 9180 §4.1 (shared secret of the KEM) and §5.1 (key schedule, mode base). Wipes the agreement.</summary>
    private static AeadKey ScheduleKey(
        byte[] agreement, ReadOnlySpan<byte> kemOutput, ReadOnlySpan<byte> recipient, string label, ReadOnlySpan<byte> context)
    {
        using TlsWriter info = new(context.Length + 64);
        Kdf.WriteLabel(info, label);
        info.WriteVector(context);

        byte[] extracted = LabeledExtract(KemSuite, [], "eae_prk"u8, agreement);
        byte[] shared = LabeledExpand(
            KemSuite, extracted, "shared_secret"u8, [.. kemOutput, .. recipient], CipherSuite.HashSize);
        byte[] pskIdHash = LabeledExtract(HpkeSuite, [], "psk_id_hash"u8, []);
        byte[] infoHash = LabeledExtract(HpkeSuite, [], "info_hash"u8, info.Written);
        byte[] scheduleContext = [0, .. pskIdHash, .. infoHash];
        byte[] secret = LabeledExtract(HpkeSuite, shared, "secret"u8, []);
        AeadKey key = new(
            LabeledExpand(HpkeSuite, secret, "key"u8, scheduleContext, CipherSuite.KeySize),
            LabeledExpand(HpkeSuite, secret, "base_nonce"u8, scheduleContext, CipherSuite.NonceSize));
        CryptographicOperations.ZeroMemory(agreement);
        CryptographicOperations.ZeroMemory(extracted);
        CryptographicOperations.ZeroMemory(shared);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    // RFC 9180 §4: the version, the suite and a label are part of every input.
    private static byte[] LabeledExtract(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> inputKey)
    {
        using TlsWriter labeled = new(inputKey.Length + 64);
        labeled.WriteBytes("HPKE-v1"u8);
        labeled.WriteBytes(suite);
        labeled.WriteBytes(label);
        labeled.WriteBytes(inputKey);
        return Kdf.Extract(salt, labeled.Written);
    }

    private static byte[] LabeledExpand(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        using TlsWriter labeled = new(info.Length + 64);
        labeled.WriteUInt16((ushort)length);
        labeled.WriteBytes("HPKE-v1"u8);
        labeled.WriteBytes(suite);
        labeled.WriteBytes(label);
        labeled.WriteBytes(info);
        return Kdf.Expand(secret, labeled.Written, length);
    }
}
