using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>What stands at the beginning of an Ogg Opus file: two pages (RFC 7845 §5).</summary>
/// <param name="SerialNumber">Of the stream; another one for every file of a track, so that they may be chained.</param>
/// <param name="Channels">1 or 2: what a player makes of it. Packets may have fewer or more.</param>
/// <param name="Comments">Names (ASCII) and values; they fit in 60 KB.</param>
public sealed record OggOpusHeader(uint SerialNumber, int Channels, IReadOnlyList<KeyValuePair<string, string>> Comments)
{
    /// <summary>Pages that <see cref="Write"/> makes.</summary>
    internal const int Pages = 2;

    internal void Write(OggPageWriter pages, int preSkip, IBufferWriter<byte> output)
    {
        Span<byte> head = stackalloc byte[19];
        head.Clear();
        "OpusHead"u8.CopyTo(head);
        head[8] = 1;
        head[9] = (byte)Channels;
        BinaryPrimitives.WriteUInt16LittleEndian(head[10..], checked((ushort)preSkip));
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], OpusPacket.SampleRate);
        pages.TryAdd(head);
        pages.Flush(OggPageWriter.First, 0, 0, output);
        byte[] tags = WriteTags();
        if (!pages.TryAdd(tags)) throw new InvalidOperationException($"{tags.Length} bytes of tags do not fit in one page of 64 KB");
        pages.Flush(0, 0, 1, output);
    }

    private byte[] WriteTags()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write("OpusTags"u8);
        WriteText(writer, "Pipeline");
        writer.Write(Comments.Count);
        foreach ((string name, string value) in Comments) WriteText(writer, $"{name}={value}");
        return stream.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }
}
