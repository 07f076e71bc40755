namespace Pipeline.Mls.Crypto;

/// <summary>
/// MLS_128_DHKEMP256_AES128GCM_SHA256_P256 (RFC 9420 §17.1), the only ciphersuite here: DHKEM(P-256, HKDF-SHA256),
/// HKDF-SHA256, AES-128-GCM, SHA-256, ECDSA P-256 with DER signatures. All sizes in bytes.
/// </summary>
internal static class CipherSuite
{
    /// <summary>RFC 9420 §6: ProtocolVersion mls10.</summary>
    public const ushort ProtocolVersion = 1;

    public const ushort Id = 2;
    public const int HashSize = 32;
    public const int KeySize = 16;
    public const int NonceSize = 12;
    public const int TagSize = 16;
    public const int PrivateKeySize = 32;

    /// <summary>An uncompressed point: 0x04, X, Y (RFC 9420 §5.1.1).</summary>
    public const int PublicKeySize = 65;
}
