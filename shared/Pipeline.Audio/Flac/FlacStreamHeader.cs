using System.Buffers.Binary;
using System.Text;

namespace Pipeline.Audio.Flac;

/// <summary>What stands in front of the frames: <c>fLaC</c>, STREAMINFO, SEEKTABLE, VORBIS_COMMENT.</summary>
public static class FlacStreamHeader
{
    private const int StreamInfo = 0;
    private const int SeekTable = 3;
    private const int VorbisComment = 4;
    private const int LastBlock = 0x80;

    /// <summary>The most seek points that are written: 18 bytes each, and a block's length has 24 bits.</summary>
    private const int MostSeekPoints = 20_000;

    /// <param name="channels">1 or 2, of 16 bits at 48 kHz.</param>
    /// <param name="totalSamples">Per channel, under 2^36; 0: unknown.</param>
    /// <param name="seekPoints">Where whole frames begin, ascending; bytes count from the first frame.</param>
    /// <param name="comments">Tags such as <c>TITLE</c> and <c>ARTIST</c>, in UTF-8.</param>
    public static byte[] Write(int channels, long totalSamples, IReadOnlyList<FlacSeekPoint> seekPoints, IReadOnlyList<KeyValuePair<string,
        string>> comments)
    {
        using MemoryStream stream = new();
        stream.Write("fLaC"u8);
        WriteBlock(stream, StreamInfo, WriteStreamInfo(channels, totalSamples));
        if (seekPoints.Count > 0) WriteBlock(stream, SeekTable, WriteSeekTable(seekPoints));
        WriteBlock(stream, VorbisComment | LastBlock, WriteComments(comments));
        return stream.ToArray();
    }

    // RFC 9639 §8.1: 1 bit last, 7 bits kind, 24 bits length.
    private static void WriteBlock(MemoryStream stream, int kind, byte[] body)
    {
        Span<byte> header = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(header, ((uint)kind << 24) | (uint)body.Length);
        stream.Write(header);
        stream.Write(body);
    }

    // RFC 9639 §8.2: u16 least and greatest block size; u24 least and greatest frame size, 0 unknown; u20 rate; u3 channels - 1;
    // u5 bits - 1; u36 samples; MD5 of all samples, 0 unknown: the windows of one stream are encoded apart, by different machines.
    private static byte[] WriteStreamInfo(int channels, long totalSamples)
    {
        byte[] body = new byte[34];
        BinaryPrimitives.WriteUInt16BigEndian(body, FlacEncoder.BlockSize);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(2), FlacEncoder.BlockSize);
        ulong packed = ((ulong)FlacEncoder.SampleRate << 44) | ((ulong)(channels - 1) << 41) | (
            (ulong)(FlacEncoder.BitsPerSample - 1) << 36) | (ulong)totalSamples;
        BinaryPrimitives.WriteUInt64BigEndian(body.AsSpan(10), packed);
        return body;
    }

    // RFC 9639 §8.5.1: u64 first sample, u64 offset from the first frame, u16 samples of that frame.
    private static byte[] WriteSeekTable(IReadOnlyList<FlacSeekPoint> points)
    {
        int step = (points.Count + MostSeekPoints - 1) / MostSeekPoints;
        byte[] body = new byte[(points.Count + step - 1) / step * 18];
        for (int i = 0; i * step < points.Count; i++)
        {
            FlacSeekPoint point = points[i * step];
            BinaryPrimitives.WriteInt64BigEndian(body.AsSpan(i * 18), point.Sample);
            BinaryPrimitives.WriteInt64BigEndian(body.AsSpan((i * 18) + 8), point.Offset);
            BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan((i * 18) + 16), (ushort)point.FrameSamples);
        }
        return body;
    }

    // RFC 9639 §8.6: as in Ogg Vorbis, and the only little-endian numbers of the format.
    private static byte[] WriteComments(IReadOnlyList<KeyValuePair<string, string>> comments)
    {
        using MemoryStream body = new();
        using BinaryWriter writer = new(body);
        WriteText(writer, "Pipeline");
        writer.Write(comments.Count);
        foreach ((string name, string value) in comments) WriteText(writer, $"{name}={value}");
        return body.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }
}

/// <summary>Where a frame begins.</summary>
/// <param name="Sample">Its first sample.</param>
/// <param name="Offset">Bytes from the first frame of the stream.</param>
/// <param name="FrameSamples">Samples per channel in it.</param>
public readonly record struct FlacSeekPoint(long Sample, long Offset, int FrameSamples);
