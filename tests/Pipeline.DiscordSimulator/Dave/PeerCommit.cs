namespace Pipeline.DiscordSimulator.Dave;

/// <summary>A client's commit and Welcome (op 28), cut apart and read as far as the gateway looks.</summary>
/// <param name="Message">The commit's MLSMessage.</param>
/// <param name="Epoch">The epoch that it ends.</param>
/// <param name="SenderLeaf">The committer's leaf.</param>
/// <param name="References">The proposals that it covers, in order.</param>
/// <param name="Welcome">Null when it adds nobody.</param>
public sealed record PeerCommit(byte[] Message, ulong Epoch, uint SenderLeaf, IReadOnlyList<byte[]> References, PeerWelcome? Welcome)
{
    /// <summary>Throws <see cref="InvalidDataException"/> for anything but a PublicMessage commit by references.</summary>
    public static PeerCommit Parse(ReadOnlyMemory<byte> body, ulong channelId)
    {
        MlsWire wire = new(body.Span);
        wire.Expect(1, "version");
        wire.Expect(1, "wire format");
        if (!wire.Vector().SequenceEqual(MlsWire.BigEndian(channelId))) throw new InvalidDataException("another group");
        ulong epoch = wire.U64();
        if (wire.U8() != 1) throw new InvalidDataException("the sender is not a member");
        uint leaf = wire.U32();
        _ = wire.Vector();
        if (wire.U8() != 3) throw new InvalidDataException("not a commit");
        List<byte[]> references = [];
        MlsWire proposals = new(wire.Vector());
        while (!proposals.AtEnd)
        {
            if (proposals.U8() != 2) throw new InvalidDataException("an inline proposal");
            references.Add(proposals.Vector().ToArray());
        }
        if (wire.U8() == 1) SkipPath(ref wire);
        for (int tag = 0; tag < 3; tag++) _ = wire.Vector();
        byte[] message = wire.Since(0).ToArray();
        return new PeerCommit(message, epoch, leaf, references, wire.AtEnd ? null : PeerWelcome.Parse(wire.Rest));
    }

    private static void SkipPath(ref MlsWire wire)
    {
        for (int key = 0; key < 2; key++) _ = wire.Vector();
        wire.Expect(1, "credential type");
        for (int list = 0; list < 6; list++) _ = wire.Vector();
        if (wire.U8() != 3) throw new InvalidDataException("the path's leaf is not one of a commit");
        for (int field = 0; field < 3; field++) _ = wire.Vector();
        _ = wire.Vector();
    }
}
