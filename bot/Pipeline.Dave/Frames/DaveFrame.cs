namespace Pipeline.Dave.Frames;

/// <summary>
/// One end-to-end encrypted media frame, parsed in place (DAVE protocol, "Frame Encryption" and "Payload Format").
/// </summary>
/// <remarks>
/// <code>
/// +--------------------------------------+--------+------------------+-----------------------+------+-------+
/// | body: ciphertext, clear ranges       | tag    | nonce ULEB128    | {offset,size} ULEB128 | size | FA FA |
/// | interleaved at their plain offsets   | 8 B    | 1..5 B           | 0..n pairs            | 1 B  | 2 B   |
/// +--------------------------------------+--------+------------------+-----------------------+------+-------+
///                                        |&lt;------------------- trailer, "size" bytes ------------------->|
/// </code>
/// The body has the plain frame's length. A parsed frame only looks like DAVE; whether it is, its tag says.
/// </remarks>
public readonly ref struct DaveFrame
{
    /// <summary>Truncated GCM tag.</summary>
    public const int TagLength = 8;

    private const int MarkerLength = 2;
    private const int SizeLength = 1;
    private const int ShortestNonce = 1;
    private const int MinTrailerLength = TagLength + ShortestNonce + SizeLength + MarkerLength;
    private const byte MarkerByte = 0xFA;

    private DaveFrame(ReadOnlySpan<byte> body, ReadOnlySpan<byte> tag, uint nonce, ClearRanges clearRanges)
    {
        Body = body;
        Tag = tag;
        Nonce = nonce;
        ClearRanges = clearRanges;
    }

    /// <summary>Ciphertext with the clear ranges at their places; as long as the plain frame, possibly empty.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>First 8 bytes of the GCM tag.</summary>
    public ReadOnlySpan<byte> Tag { get; }

    /// <summary>Truncated nonce; its top byte is the key generation.</summary>
    public uint Nonce { get; }

    public ClearRanges ClearRanges { get; }

    /// <summary>Key generation as sent, modulo 256.</summary>
    public byte Generation => (byte)(Nonce >> 24);

    /// <summary>
    /// False: the bytes do not have the shape of a DAVE frame (no marker, impossible sizes, stray bytes, ranges out of order or out of the
    /// body).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out DaveFrame frame)
    {
        frame = default;
        if (bytes.Length < MinTrailerLength || bytes[^1] != MarkerByte || bytes[^2] != MarkerByte) return false;
        int trailerLength = bytes[^3];
        if (trailerLength < MinTrailerLength || trailerLength > bytes.Length) return false;

        ReadOnlySpan<byte> body = bytes[..^trailerLength];
        ReadOnlySpan<byte> tag = bytes.Slice(body.Length, TagLength);
        ReadOnlySpan<byte> rest = bytes[(body.Length + TagLength)..^(SizeLength + MarkerLength)];
        if (!Uleb128.TryRead(ref rest, out uint nonce) || !ClearRanges.AreValid(rest, body.Length)) return false;

        frame = new DaveFrame(body, tag, nonce, new ClearRanges(rest));
        return true;
    }
}
