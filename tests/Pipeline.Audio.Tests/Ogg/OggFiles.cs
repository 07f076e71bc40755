using System.Buffers;
using System.Buffers.Binary;
using Pipeline.Audio.Ogg;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>Makes Ogg Opus files page by page, whole and damaged ones.</summary>
internal sealed class OggFiles
{
    private readonly ArrayBufferWriter<byte> output = new();
    private readonly OggPageWriter pages;
    private uint pageNumber;

    public OggFiles(uint serial = 7, int preSkip = 312, int gain = 0)
    {
        pages = new OggPageWriter(serial);
        byte[] head = OggOpusWindow.WriteHeader(serial, 1, preSkip, []);
        int tags = 4 + head.AsSpan(4).IndexOf("OggS"u8);
        BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(28 + 16), (short)gain);
        SetChecksum(head.AsSpan(0, tags));
        output.Write(head);
        pageNumber = 2;
    }

    public static byte[] Ada { get; } = File.ReadAllBytes(RepositoryRoot.Combine("tests", "speech", "ada.opus"));

    /// <summary>20 ms CELT packets that tell themselves apart; any decoder takes them.</summary>
    public static byte[] Packet(int number) => [0xF8, 0xFF, (byte)number];

    public byte[] ToArray() => output.WrittenSpan.ToArray();

    /// <summary>One page with packets of 20 ms.</summary>
    public OggFiles Page(long granule, byte flags, params byte[][] packets)
    {
        foreach (byte[] packet in packets) Assert.True(pages.TryAdd(packet));
        pages.Flush(flags, granule, pageNumber++, output);
        return this;
    }

    /// <summary>Leaves numbers out, as if pages were lost.</summary>
    public OggFiles Lose(uint count)
    {
        pageNumber += count;
        return this;
    }

    public static int PageStart(byte[] file, int page)
    {
        int at = 0;
        for (int i = 0; i < page; i++) at += 4 + file.AsSpan(at + 4).IndexOf("OggS"u8);
        return at;
    }

    public static void SetChecksum(Span<byte> page)
    {
        page.Slice(22, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], OggCrc.Append(0, page));
    }

    /// <summary>
    /// One page with one packet becomes two: 510 bytes of it, and the rest as its continuation. The page behind it counts on.
    /// </summary>
    public static byte[] Split(byte[] file, int page)
    {
        int at = PageStart(file, page), next = PageStart(file, page + 1);
        byte[] body = file[(at + 27 + file[at + 26])..next];
        byte[] first = [.. file[at..(at + 26)], 2, 255, 255, .. body[..510]];
        first.AsSpan(6, 8).Fill(0xFF); // no packet ends in it
        byte[] second = [.. file[at..(at + 26)], 1, (byte)(body.Length - 510), .. body[510..]];
        second[5] = 1;
        second[18]++;
        byte[] rest = file[next..];
        rest[18]++;
        SetChecksum(first);
        SetChecksum(second);
        SetChecksum(rest);
        return [.. file[..at], .. first, .. second, .. rest];
    }

    /// <summary>Everything that a file gives.</summary>
    public static (List<ReadPacket> Packets, OggOpusReader Reader) Read(byte[] file)
    {
        OggOpusReader reader = new(new MemoryStream(file));
        List<ReadPacket> packets = [];
        while (reader.TryRead(out OggOpusPacket packet))
        {
            packets.Add(new ReadPacket(packet.Opus.ToArray(), packet.Position, packet.Samples, packet.StartTrim, packet.EndTrim,
                packet.Missing, packet.BeginsStream));
        }
        Assert.False(reader.TryRead(out _));
        return (packets, reader);
    }
}

/// <summary>An <see cref="OggOpusPacket"/> that stays.</summary>
internal sealed record ReadPacket(byte[] Opus, long Position, int Samples, int StartTrim, int EndTrim, long Missing, bool BeginsStream);
