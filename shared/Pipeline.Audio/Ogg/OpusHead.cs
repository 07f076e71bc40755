using System.Buffers.Binary;

namespace Pipeline.Audio.Ogg;

/// <summary>The identification header of an Ogg Opus stream (RFC 7845 §5.1).</summary>
/// <param name="Channels">1 to 255: what a player makes of it.</param>
/// <param name="PreSkip">Samples per channel at 48 kHz to drop from the start of what the decoder gives.</param>
/// <param name="InputSampleRate">Rate of the original, Hz; 0 when unknown. Says nothing about decoding.</param>
/// <param name="OutputGain">In 1/256 dB, to be applied by a player.</param>
/// <param name="Layout">
/// How the channels are made of the streams within each packet; null where a packet is one of mono or stereo that is played as it is.
/// </param>
public readonly record struct OpusHead(int Channels, int PreSkip, uint InputSampleRate, int OutputGain, OpusLayout? Layout = null)
{
    /// <summary>
    /// <c>"OpusHead" | u8 version | u8 channels | u16 pre-skip | u32 input rate | i16 gain | u8 mapping family | table</c>, little-endian.
    /// </summary>
    /// <exception cref="OggFormatException">Too short, of a later major version, or with channels that cannot be.</exception>
    internal static OpusHead Parse(ReadOnlySpan<byte> packet, long offset)
    {
        if (packet.Length < 19) throw new OggFormatException(offset, $"an OpusHead of {packet.Length} bytes (19 needed)");
        if ((packet[8] & 0xF0) != 0) throw new OggFormatException(offset, $"OpusHead of version {packet[8]}, 0 to 15 can be read,");
        int channels = packet[9], family = packet[18];
        if (!OpusLayout.TryRead(family, channels, packet[19..], out OpusLayout? layout))
            throw new OggFormatException(offset, $"an OpusHead with {channels} channels in mapping family {family}, which has none such,");
        return new OpusHead(
            channels,
            BinaryPrimitives.ReadUInt16LittleEndian(packet[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(packet[12..]),
            BinaryPrimitives.ReadInt16LittleEndian(packet[16..]),
            layout);
    }
}
