using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>
/// A content with what authenticates it (RFC 9420 §6.1): <c>u16 wire_format || FramedContent || signature vector ||
/// (commit: confirmation_tag vector)</c>. The content's bytes are kept as they were read, because they are signed and hashed.
/// </summary>
internal sealed record AuthenticatedContent(
    WireFormat WireFormat, FramedContent Content, byte[] ContentBytes, byte[] Signature, byte[]? ConfirmationTag)
{
    private const string SignatureLabel = "FramedContentTBS";

    public static AuthenticatedContent Read(ref TlsReader reader) =>
        ReadBody(ref reader, (WireFormat)reader.ReadUInt16());

    /// <summary>Everything behind the wire format.</summary>
    public static AuthenticatedContent ReadBody(ref TlsReader reader, WireFormat wireFormat)
    {
        int start = reader.Position;
        FramedContent content = FramedContent.Read(ref reader);
        byte[] contentBytes = reader.ReadSince(start).ToArray();
        byte[] signature = reader.ReadVector().ToArray();
        byte[]? confirmationTag = content.Type == ContentType.Commit ? reader.ReadVector().ToArray() : null;
        return new AuthenticatedContent(wireFormat, content, contentBytes, signature, confirmationTag);
    }

    /// <summary>Signs a public message; <paramref name="groupContext"/> is empty for senders outside the group.</summary>
    public static AuthenticatedContent Sign(
        FramedContent content, ReadOnlySpan<byte> groupContext, System.Security.Cryptography.ECDsa key)
    {
        using TlsWriter contentBytes = new();
        content.Write(contentBytes);
        AuthenticatedContent unsigned = new(WireFormat.PublicMessage, content, contentBytes.ToArray(), [], null);
        using TlsWriter signed = unsigned.SignedBytes(groupContext);
        return unsigned with { Signature = Signatures.SignWithLabel(key, SignatureLabel, signed.Written) };
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16((ushort)WireFormat);
        WriteBody(writer);
    }

    /// <summary>Everything behind the wire format.</summary>
    public void WriteBody(TlsWriter writer)
    {
        writer.WriteBytes(ContentBytes);
        writer.WriteVector(Signature);
        if (ConfirmationTag is not null) writer.WriteVector(ConfirmationTag);
    }

    /// <summary>RFC 9420 §6.1; <paramref name="groupContext"/> is that of the message's epoch, empty for senders outside.</summary>
    public bool VerifySignature(ReadOnlySpan<byte> signatureKey, ReadOnlySpan<byte> groupContext)
    {
        using TlsWriter signed = SignedBytes(groupContext);
        return Signatures.VerifyWithLabel(signatureKey, SignatureLabel, signed.Written, Signature);
    }

    /// <summary>RFC 9420 §6.2: AuthenticatedContentTBM, what the membership tag covers.</summary>
    public TlsWriter TaggedBytes(ReadOnlySpan<byte> groupContext)
    {
        TlsWriter tagged = SignedBytes(groupContext);
        tagged.WriteVector(Signature);
        if (ConfirmationTag is not null) tagged.WriteVector(ConfirmationTag);
        return tagged;
    }

    /// <summary>RFC 9420 §8.2: ConfirmedTranscriptHashInput.</summary>
    public TlsWriter TranscriptBytes()
    {
        TlsWriter input = new();
        input.WriteUInt16((ushort)WireFormat);
        input.WriteBytes(ContentBytes);
        input.WriteVector(Signature);
        return input;
    }

    /// <summary>RFC 9420 §5.2: the reference by which a commit names this proposal.</summary>
    public ProposalReference ComputeReference()
    {
        using TlsWriter value = new();
        Write(value);
        return new ProposalReference(ReferenceHash.Compute(ReferenceHash.ProposalLabel, value.Written));
    }

    // RFC 9420 §6.1: FramedContentTBS = u16 version || u16 wire_format || FramedContent || (members: GroupContext).
    private TlsWriter SignedBytes(ReadOnlySpan<byte> groupContext)
    {
        TlsWriter signed = new();
        signed.WriteUInt16(CipherSuite.ProtocolVersion);
        signed.WriteUInt16((ushort)WireFormat);
        signed.WriteBytes(ContentBytes);
        signed.WriteBytes(groupContext);
        return signed;
    }
}
