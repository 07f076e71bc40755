using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>RFC 9420 §6: SenderType.</summary>
internal enum SenderType
{
    Member = 1,
    External = 2,
    NewMemberProposal = 3,
    NewMemberCommit = 4,
}

/// <summary>RFC 9420 §6: <c>u8 type</c>, then a u32 for a member (leaf) or an external sender (place in the extension).</summary>
internal readonly record struct Sender(SenderType Type, uint Index)
{
    public static Sender Read(ref TlsReader reader)
    {
        SenderType type = (SenderType)reader.ReadUInt8();
        return type switch
        {
            SenderType.Member or SenderType.External => new(type, reader.ReadUInt32()),
            SenderType.NewMemberProposal or SenderType.NewMemberCommit => new(type, 0),
            _ => throw new MlsException(MlsError.Malformed),
        };
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt8((byte)Type);
        if (Type is SenderType.Member or SenderType.External) writer.WriteUInt32(Index);
    }
}
