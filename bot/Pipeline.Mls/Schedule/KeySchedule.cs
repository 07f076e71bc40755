using System.Security.Cryptography;
using Pipeline.Mls.Crypto;

namespace Pipeline.Mls.Schedule;

/// <summary>
/// From one epoch to the next (RFC 9420 §8): init and commit secret make the joiner secret, which with the
/// pre-shared keys makes the member secret, from which Welcome and epoch are keyed. Callers wipe what they get.
/// </summary>
internal static class KeySchedule
{
    /// <summary>32 zero bytes: the commit secret of a commit without a path, and the PSK secret without pre-shared keys.</summary>
    public static byte[] Zero => new byte[CipherSuite.HashSize];

    public static byte[] JoinerSecret(
        ReadOnlySpan<byte> initSecret, ReadOnlySpan<byte> commitSecret, ReadOnlySpan<byte> groupContext)
    {
        byte[] extracted = Kdf.Extract(initSecret, commitSecret);
        byte[] joiner = Kdf.ExpandWithLabel(extracted, "joiner", groupContext, CipherSuite.HashSize);
        CryptographicOperations.ZeroMemory(extracted);
        return joiner;
    }

    public static byte[] MemberSecret(ReadOnlySpan<byte> joinerSecret, ReadOnlySpan<byte> pskSecret) =>
        Kdf.Extract(joinerSecret, pskSecret);

    /// <summary>RFC 9420 §12.4.3.1: what encrypts the GroupInfo of a Welcome.</summary>
    public static AeadKey WelcomeKey(ReadOnlySpan<byte> memberSecret)
    {
        byte[] welcomeSecret = Kdf.DeriveSecret(memberSecret, "welcome");
        AeadKey key = new(
            Kdf.ExpandWithLabel(welcomeSecret, "key", [], CipherSuite.KeySize),
            Kdf.ExpandWithLabel(welcomeSecret, "nonce", [], CipherSuite.NonceSize));
        CryptographicOperations.ZeroMemory(welcomeSecret);
        return key;
    }
}
