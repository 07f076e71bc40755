using System.Security.Cryptography;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>
/// A signed message in the clear (RFC 9420 §6.2), here always with its MLSMessage header:
/// <c>u16 version || u16 1 || FramedContent || auth || (from a member: membership_tag vector)</c>.
/// </summary>
internal sealed record PublicMessage(AuthenticatedContent Authenticated, byte[]? MembershipTag)
{
    public FramedContent Content => Authenticated.Content;

    /// <summary>Reads one MLSMessage that must be a public message and leaves the reader behind it.</summary>
    public static PublicMessage ReadMessage(ref TlsReader reader)
    {
        MlsException.ThrowIf(reader.ReadUInt16() != CipherSuite.ProtocolVersion, MlsError.WrongVersion);
        MlsException.ThrowIf(reader.ReadUInt16() != (ushort)WireFormat.PublicMessage, MlsError.WrongMessageType);
        return ReadBody(ref reader);
    }

    /// <summary>Parses the whole of <paramref name="message"/>.</summary>
    public static PublicMessage Parse(ReadOnlySpan<byte> message)
    {
        MlsLimits.CheckMessage(message);
        TlsReader reader = new(message);
        PublicMessage parsed = ReadMessage(ref reader);
        reader.ExpectEnd();
        return parsed;
    }

    public static PublicMessage ReadBody(ref TlsReader reader)
    {
        AuthenticatedContent authenticated = AuthenticatedContent.ReadBody(ref reader, WireFormat.PublicMessage);
        bool fromMember = authenticated.Content.Sender.Type == SenderType.Member;
        return new PublicMessage(authenticated, fromMember ? reader.ReadVector().ToArray() : null);
    }

    /// <summary>RFC 9420 §6.2: puts the tag on a member's message.</summary>
    public static PublicMessage Protect(
        AuthenticatedContent authenticated, ReadOnlySpan<byte> membershipKey, ReadOnlySpan<byte> groupContext) =>
        new(authenticated, ComputeTag(authenticated, membershipKey, groupContext));

    public byte[] EncodeMessage()
    {
        using TlsWriter writer = new();
        writer.WriteUInt16(CipherSuite.ProtocolVersion);
        writer.WriteUInt16((ushort)WireFormat.PublicMessage);
        WriteBody(writer);
        return writer.ToArray();
    }

    public void WriteBody(TlsWriter writer)
    {
        Authenticated.WriteBody(writer);
        if (MembershipTag is not null) writer.WriteVector(MembershipTag);
    }

    /// <summary>RFC 9420 §6.2: proves that a member of this epoch sent it.</summary>
    public bool VerifyMembershipTag(ReadOnlySpan<byte> membershipKey, ReadOnlySpan<byte> groupContext) =>
        MembershipTag is not null && CryptographicOperations.FixedTimeEquals(
            ComputeTag(Authenticated, membershipKey, groupContext), MembershipTag);

    private static byte[] ComputeTag(
        AuthenticatedContent authenticated, ReadOnlySpan<byte> membershipKey, ReadOnlySpan<byte> groupContext)
    {
        using TlsWriter tagged = authenticated.TaggedBytes(groupContext);
        return HMACSHA256.HashData(membershipKey, tagged.Written);
    }
}

/// <summary>What an MLSMessage carries (RFC 9420 §6, values of §17.2).</summary>
internal enum WireFormat
{
    PublicMessage = 1,
    PrivateMessage = 2,
    Welcome = 3,
    GroupInfo = 4,
    KeyPackage = 5,
}
