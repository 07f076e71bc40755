namespace Pipeline.Discord.Rtp;

/// <summary>
/// From the opened plaintext to the frame that the encoder (or the end-to-end layer) produced:
/// <c>plaintext = extension body [4 * words] || frame || padding [count], whose last byte is the count</c>.
/// </summary>
public static class RtpPayload
{
    /// <summary>Opus silence (RFC 6716: a 20 ms CELT frame of nothing). Always in the clear, also in an encrypted call.</summary>
    public static ReadOnlySpan<byte> SilenceMarker => [0xF8, 0xFF, 0xFE];

    /// <summary>
    /// Takes extension body and padding off, in this order, and refuses what carries no audio.
    /// </summary>
    /// <param name="packet">The parsed packet; only its flags are used.</param>
    /// <param name="plaintext">What its seal held.</param>
    /// <param name="frame">A part of <paramref name="plaintext"/>: at least one byte when the result is
    /// <see cref="DropReason.None"/>.</param>
    public static DropReason Unwrap(in RtpPacket packet, ReadOnlySpan<byte> plaintext, out ReadOnlySpan<byte> frame)
    {
        frame = default;
        int extensionLength = 4 * packet.ExtensionWords;
        if (extensionLength > plaintext.Length) return DropReason.ExtensionTooLong;
        ReadOnlySpan<byte> body = plaintext[extensionLength..];

        if (packet.HasPadding)
        {
            // RFC 3550 §5.1: the last octet of the padding counts the padding octets, itself included. It lies inside the seal.
            if (body.IsEmpty) return DropReason.BadPadding;
            int padding = body[^1];
            if (padding == 0 || padding > body.Length) return DropReason.BadPadding;
            if (padding == body.Length) return DropReason.PaddingOnly;
            body = body[..^padding];
        }

        if (IsZeroPacket(body)) return DropReason.ZeroPacket;
        frame = body;
        return DropReason.None;
    }

    /// <summary>Whether the frame is exactly the silence marker.</summary>
    public static bool IsSilence(ReadOnlySpan<byte> frame) => frame.SequenceEqual(SilenceMarker);

    private static bool IsZeroPacket(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return true;
        if (body[0] != 0) return false;
        int first = body.IndexOfAnyExcept((byte)0);
        return first < 0 || body[(first + 1)..].IndexOfAnyExcept((byte)0) < 0;
    }
}
