using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>RFC 9420 §6: ContentType.</summary>
internal enum ContentType
{
    Application = 1,
    Proposal = 2,
    Commit = 3,
}

/// <summary>
/// What a message says (RFC 9420 §6): <c>group_id vector || u64 epoch || Sender || authenticated_data vector || u8 type ||
/// body</c>. One of <see cref="Proposal"/>, <see cref="Commit"/> and <see cref="Application"/> is set, by the type.
/// </summary>
internal sealed record FramedContent(
    byte[] GroupId,
    ulong Epoch,
    Sender Sender,
    byte[] AuthenticatedData,
    ContentType Type,
    Proposal? Proposal,
    Commit? Commit,
    byte[]? Application)
{
    public static FramedContent ForCommit(ReadOnlySpan<byte> groupId, ulong epoch, Sender sender, Commit commit) =>
        new(groupId.ToArray(), epoch, sender, [], ContentType.Commit, null, commit, null);

    public static FramedContent Read(ref TlsReader reader)
    {
        byte[] groupId = reader.ReadVector().ToArray();
        ulong epoch = reader.ReadUInt64();
        Sender sender = Sender.Read(ref reader);
        byte[] authenticatedData = reader.ReadVector().ToArray();
        ContentType type = (ContentType)reader.ReadUInt8();
        FramedContent header = new(groupId, epoch, sender, authenticatedData, type, null, null, null);
        return type switch
        {
            ContentType.Application => header with { Application = reader.ReadVector().ToArray() },
            ContentType.Proposal => header with { Proposal = Proposal.Read(ref reader) },
            ContentType.Commit => header with { Commit = Commit.Read(ref reader) },
            _ => throw new MlsException(MlsError.Malformed),
        };
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(GroupId);
        writer.WriteUInt64(Epoch);
        Sender.Write(writer);
        writer.WriteVector(AuthenticatedData);
        writer.WriteUInt8((byte)Type);
        if (Application is not null) writer.WriteVector(Application);
        Proposal?.Write(writer);
        Commit?.Write(writer);
    }
}
