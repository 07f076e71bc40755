using Pipeline.Mls.Crypto;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>
/// What a new member must know (RFC 9420 §12.4.3): <c>GroupContext || extensions || confirmation_tag vector || u32 signer ||
/// signature vector</c>.
/// </summary>
internal sealed record GroupInfo(
    GroupContext Context, IReadOnlyList<Extension> Extensions, byte[] ConfirmationTag, uint Signer, byte[] Signature)
{
    private const string SignatureLabel = "GroupInfoTBS";

    public static GroupInfo Read(ref TlsReader reader) => new(
        GroupContext.Read(ref reader),
        Extension.ReadAll(ref reader),
        reader.ReadVector().ToArray(),
        reader.ReadUInt32(),
        reader.ReadVector().ToArray());

    public static GroupInfo Sign(
        GroupContext context, IReadOnlyList<Extension> extensions, byte[] confirmationTag, uint signer, MlsIdentity identity)
    {
        GroupInfo unsigned = new(context, extensions, confirmationTag, signer, []);
        using TlsWriter signed = unsigned.SignedBytes();
        return unsigned with { Signature = Signatures.SignWithLabel(identity.Key, SignatureLabel, signed.Written) };
    }

    public void Write(TlsWriter writer)
    {
        using TlsWriter signed = SignedBytes();
        writer.WriteBytes(signed.Written);
        writer.WriteVector(Signature);
    }

    public bool VerifySignature(ReadOnlySpan<byte> signatureKey)
    {
        using TlsWriter signed = SignedBytes();
        return Signatures.VerifyWithLabel(signatureKey, SignatureLabel, signed.Written, Signature);
    }

    private TlsWriter SignedBytes()
    {
        TlsWriter signed = new();
        Context.Write(signed);
        Extension.WriteAll(signed, Extensions);
        signed.WriteVector(ConfirmationTag);
        signed.WriteUInt32(Signer);
        return signed;
    }
}
