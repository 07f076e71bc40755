using System.Security.Cryptography;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Schedule;

/// <summary>The running hashes over all commits (RFC 9420 §8.2). 32 bytes each.</summary>
internal static class TranscriptHash
{
    /// <summary><c>SHA256(interim of the epoch before || u16 wire_format || FramedContent || signature vector)</c>.</summary>
    public static byte[] Confirmed(ReadOnlySpan<byte> interimBefore, AuthenticatedContent commit)
    {
        using TlsWriter transcript = commit.TranscriptBytes();
        return SHA256.HashData([.. interimBefore, .. transcript.Written]);
    }

    /// <summary><c>SHA256(confirmed || confirmation_tag vector)</c>.</summary>
    public static byte[] Interim(ReadOnlySpan<byte> confirmed, ReadOnlySpan<byte> confirmationTag)
    {
        using TlsWriter input = new();
        input.WriteBytes(confirmed);
        input.WriteVector(confirmationTag);
        return SHA256.HashData(input.Written);
    }
}
