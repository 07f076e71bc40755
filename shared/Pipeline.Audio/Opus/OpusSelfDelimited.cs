namespace Pipeline.Audio.Opus;

/// <summary>
/// Takes the packets of several streams apart that are one packet of a file (RFC 6716 appendix B): all but the last tell their length.
/// </summary>
internal static class OpusSelfDelimited
{
    /// <summary>Takes the first packet off, as a decoder wants it: without the length that it has here.</summary>
    /// <param name="rest">What is behind it.</param>
    /// <param name="plain">Holds at least as much as <paramref name="rest"/>.</param>
    /// <param name="length">Bytes of <paramref name="plain"/>.</param>
    /// <returns>False where the lengths do not fit what is there.</returns>
    public static bool TryTake(ref ReadOnlySpan<byte> rest, Span<byte> plain, out int length)
    {
        length = 0;
        if (rest.IsEmpty) return false;
        int headers = 1, frames = 1, padding = 0;
        bool isVariable = false;
        switch (rest[0] & 3)
        {
            case 0: break;
            case 1: frames = 2; break;
            case 2: (frames, isVariable) = (2, true); break;
            default:
                if (rest.Length < 2) return false;
                (headers, frames, isVariable) = (2, rest[1] & 0x3F, (rest[1] & 0x80) != 0);
                if (frames == 0 || ((rest[1] & 0x40) != 0 && !TryReadPadding(rest, ref headers, out padding))) return false;
                break;
        }
        int bytes = 0, at = headers;
        for (int i = 1; isVariable && i < frames; i++)
        {
            if (!TryReadLength(rest, ref at, out int one)) return false;
            bytes += one;
        }
        int lastAt = at; // here stands the length that only a packet among others has
        if (!TryReadLength(rest, ref at, out int last)) return false;
        bytes += (isVariable ? last : last * frames) + padding;
        if (rest.Length - at < bytes) return false;
        rest[..lastAt].CopyTo(plain);
        rest.Slice(at, bytes).CopyTo(plain[lastAt..]);
        length = lastAt + bytes;
        rest = rest[(at + bytes)..];
        return true;
    }

    // RFC 6716 §3.2.5: 255 stands for 254 bytes of padding and another such number.
    private static bool TryReadPadding(ReadOnlySpan<byte> packet, ref int at, out int padding)
    {
        padding = 0;
        byte number;
        do
        {
            if (at >= packet.Length) return false;
            number = packet[at++];
            padding += number == 255 ? 254 : number;
        }
        while (number == 255);
        return true;
    }

    // RFC 6716 §3.2.1: up to 251 in one byte, else in two.
    private static bool TryReadLength(ReadOnlySpan<byte> packet, ref int at, out int length)
    {
        length = at < packet.Length ? packet[at++] : -1;
        if (length < 252) return length >= 0;
        if (at >= packet.Length) return false;
        length += 4 * packet[at++];
        return true;
    }
}
