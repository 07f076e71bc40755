using System.Security.Cryptography;
using Pipeline.Mls.Crypto;

namespace Pipeline.Mls.Schedule;

/// <summary>
/// The secrets of one epoch that a member keeps (RFC 9420 §8), 32 bytes each. Those of PrivateMessage and of
/// external joins are never derived. Disposing wipes.
/// </summary>
internal sealed class EpochSecrets : IDisposable
{
    private EpochSecrets(ReadOnlySpan<byte> epochSecret)
    {
        Init = Kdf.DeriveSecret(epochSecret, "init");
        Exporter = Kdf.DeriveSecret(epochSecret, "exporter");
        ConfirmationKey = Kdf.DeriveSecret(epochSecret, "confirm");
        MembershipKey = Kdf.DeriveSecret(epochSecret, "membership");
        Authenticator = Kdf.DeriveSecret(epochSecret, "authentication");
        ResumptionPsk = Kdf.DeriveSecret(epochSecret, "resumption");
    }

    public byte[] Init { get; }

    public byte[] Exporter { get; }

    public byte[] ConfirmationKey { get; }

    public byte[] MembershipKey { get; }

    /// <summary>RFC 9420 §8.7.</summary>
    public byte[] Authenticator { get; }

    /// <summary>RFC 9420 §8.6.</summary>
    public byte[] ResumptionPsk { get; }

    /// <summary>RFC 9420 §11: the first epoch of a new group starts from chance.</summary>
    public static EpochSecrets CreateFirst()
    {
        using Wiped epochSecret = new(RandomNumberGenerator.GetBytes(CipherSuite.HashSize));
        return new EpochSecrets(epochSecret.Bytes);
    }

    /// <summary>RFC 9420 §8: from the member secret and the new epoch's group context.</summary>
    public static EpochSecrets Derive(ReadOnlySpan<byte> memberSecret, ReadOnlySpan<byte> groupContext)
    {
        using Wiped epochSecret = new(Kdf.ExpandWithLabel(memberSecret, "epoch", groupContext, CipherSuite.HashSize));
        return new EpochSecrets(epochSecret.Bytes);
    }

    /// <summary>RFC 9420 §8.5: <c>ExpandWithLabel(DeriveSecret(exporter, label), "exported", SHA256(context), length)</c>.</summary>
    public byte[] Export(string label, ReadOnlySpan<byte> context, int length)
    {
        using Wiped derived = new(Kdf.DeriveSecret(Exporter, label));
        return Kdf.ExpandWithLabel(derived.Bytes, "exported", SHA256.HashData(context), length);
    }

    /// <summary>RFC 9420 §8.1: proves that two members agree on the whole history.</summary>
    public byte[] ComputeConfirmationTag(ReadOnlySpan<byte> confirmedTranscriptHash) =>
        HMACSHA256.HashData(ConfirmationKey, confirmedTranscriptHash);

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Init);
        CryptographicOperations.ZeroMemory(Exporter);
        CryptographicOperations.ZeroMemory(ConfirmationKey);
        CryptographicOperations.ZeroMemory(MembershipKey);
        CryptographicOperations.ZeroMemory(Authenticator);
        CryptographicOperations.ZeroMemory(ResumptionPsk);
    }
}
