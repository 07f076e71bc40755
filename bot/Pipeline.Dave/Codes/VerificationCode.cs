using System.Buffers.Binary;

namespace Pipeline.Dave.Codes;

/// <summary>
/// The pairwise verification code of two members: both compute the same 45 digits from both signature keys and user ids,
/// so that equal digits prove that each has the other's true key (DAVE protocol, "Pairwise Verification Fingerprint").
/// </summary>
public static class VerificationCode
{
    public const int Digits = 45;

    private const ushort FingerprintVersion = 0;
    private const int Cost = 16384, BlockSize = 8, Parallelization = 2, OutputLength = 64;

    private static ReadOnlySpan<byte> Salt =>
        [0x24, 0xCA, 0xB1, 0x7A, 0x7A, 0xF8, 0xEC, 0x2B, 0x82, 0xB4, 0x12, 0xB9, 0x2D, 0xAB, 0x19, 0x2E];

    /// <summary>Takes about 100 ms and 16 MB: not on the control loop.</summary>
    public static string Compute(DaveMember one, DaveMember other, ScryptFunction scrypt) =>
        DisplayableCode.From(scrypt(Input(one, other), Salt, Cost, BlockSize, Parallelization, OutputLength), Digits);

    /// <summary>Both fingerprints, the smaller first: <c>u16 version=0 || signature key (65) || u64 user id</c>.</summary>
    internal static byte[] Input(DaveMember one, DaveMember other)
    {
        byte[] first = Fingerprint(one), second = Fingerprint(other);
        return first.AsSpan().SequenceCompareTo(second) <= 0 ? [.. first, .. second] : [.. second, .. first];
    }

    private static byte[] Fingerprint(DaveMember member)
    {
        byte[] fingerprint = new byte[sizeof(ushort) + member.SignatureKey.Length + sizeof(ulong)];
        BinaryPrimitives.WriteUInt16BigEndian(fingerprint, FingerprintVersion);
        member.SignatureKey.Span.CopyTo(fingerprint.AsSpan(sizeof(ushort)));
        BinaryPrimitives.WriteUInt64BigEndian(fingerprint.AsSpan(fingerprint.Length - sizeof(ulong)), member.UserId);
        return fingerprint;
    }
}
