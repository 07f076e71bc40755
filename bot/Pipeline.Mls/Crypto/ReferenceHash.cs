using System.Security.Cryptography;
using System.Text;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>Hash-based identifiers (RFC 9420 §5.2): <c>SHA256(label vector || value vector)</c>.</summary>
internal static class ReferenceHash
{
    public const string KeyPackageLabel = "MLS 1.0 KeyPackage Reference";
    public const string ProposalLabel = "MLS 1.0 Proposal Reference";

    public static byte[] Compute(string label, ReadOnlySpan<byte> value)
    {
        using TlsWriter input = new();
        input.WriteVector(Encoding.ASCII.GetBytes(label));
        input.WriteVector(value);
        return SHA256.HashData(input.Written);
    }
}
