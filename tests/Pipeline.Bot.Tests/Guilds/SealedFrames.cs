namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What a speaker can send in place of frames that the group's key has sealed.</summary>
internal static class SealedFrames
{
    /// <summary>Looks end-to-end encrypted (8-byte tag, nonce, no ranges, length, magic), and no key of the group opens it.</summary>
    public static ReadOnlyMemory<byte> OfNoKey(ReadOnlyMemory<byte> frame)
    {
        byte[] trailer = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 0xFA, 0xFA];
        return new ReadOnlyMemory<byte>([.. frame.Span, .. trailer]);
    }
}
