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
        using Wiped extracted = new(Kdf.Extract(initSecret, commitSecret));
        return Kdf.ExpandWithLabel(extracted.Bytes, "joiner", groupContext, CipherSuite.HashSize);
    }

    public static byte[] MemberSecret(ReadOnlySpan<byte> joinerSecret, ReadOnlySpan<byte> pskSecret) =>
        Kdf.Extract(joinerSecret, pskSecret);

    /// <summary>RFC 9420 §12.4.3.1: what encrypts the GroupInfo of a Welcome.</summary>
    public static AeadKey WelcomeKey(ReadOnlySpan<byte> memberSecret)
    {
        using Wiped welcomeSecret = new(Kdf.DeriveSecret(memberSecret, "welcome"));
        return new AeadKey(
            Kdf.ExpandWithLabel(welcomeSecret.Bytes, "key", [], CipherSuite.KeySize),
            Kdf.ExpandWithLabel(welcomeSecret.Bytes, "nonce", [], CipherSuite.NonceSize));
    }
}
