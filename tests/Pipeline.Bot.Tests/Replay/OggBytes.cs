using System.Buffers.Binary;
using Pipeline.Audio.Ogg;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Replay;

/// <summary>Ogg Opus files: the committed speech, with other figures in its pages, and tones.</summary>
internal static class OggBytes
{
    private const uint Polynomial = 0x04C11DB7;

    public static byte[] Ada { get; } = File.ReadAllBytes(RepositoryRoot.Combine("tests", "speech", "ada.opus"));

    /// <summary>Another pre-skip and output gain (1/256 dB) in the header.</summary>
    public static byte[] WithHeader(byte[] file, int preSkip, int gain)
    {
        byte[] changed = [.. file];
        BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(28 + 10), (ushort)preSkip);
        BinaryPrimitives.WriteInt16LittleEndian(changed.AsSpan(28 + 16), (short)gain);
        Seal(changed, 0);
        return changed;
    }

    /// <summary>From this page on everything is later by so many samples.</summary>
    public static byte[] WithLeap(byte[] file, int page, long samples)
    {
        byte[] changed = [.. file];
        for (int at = PageStart(file, page); at < file.Length; at = NextPage(file, at))
        {
            Span<byte> granule = changed.AsSpan(at + 6, 8);
            BinaryPrimitives.WriteInt64LittleEndian(granule, BinaryPrimitives.ReadInt64LittleEndian(granule) + samples);
            Seal(changed, at);
        }
        return changed;
    }

    /// <summary>The last page says an end so many samples before that of its packets.</summary>
    /// <param name="isEnd">The page says that it is the last.</param>
    public static byte[] WithEarlierEnd(byte[] file, long samples, bool isEnd = true)
    {
        byte[] changed = [.. file];
        int at = file.AsSpan().LastIndexOf("OggS"u8);
        changed[at + 5] = (byte)(isEnd ? 4 : 0);
        Span<byte> granule = changed.AsSpan(at + 6, 8);
        BinaryPrimitives.WriteInt64LittleEndian(granule, BinaryPrimitives.ReadInt64LittleEndian(granule) - samples);
        Seal(changed, at);
        return changed;
    }

    /// <summary>A tone in packets of so many samples, a hundred to a page, behind the two pages of the speech's header.</summary>
    public static byte[] Tone(int samples, int pages)
    {
        using OpusEncoder encoder = new();
        short[] pcm = new short[samples];
        List<byte> file = [.. Ada[..PageStart(Ada, 2)]];
        for (int page = 0; page < pages; page++)
        {
            List<byte> lacing = [], body = [];
            for (int packet = 0; packet < 100; packet++)
            {
                int from = ((page * 100) + packet) * samples;
                for (int i = 0; i < samples; i++) pcm[i] = (short)(8000 * Math.Sin(2 * Math.PI * 440 * (from + i) / 48_000));
                ReadOnlySpan<byte> opus = encoder.Encode(pcm);
                lacing.AddRange(Enumerable.Repeat((byte)255, opus.Length / 255));
                lacing.Add((byte)(opus.Length % 255));
                body.AddRange(opus);
            }
            byte[] bytes = [.. Ada[..27], .. lacing, .. body];
            bytes[5] = (byte)(page == pages - 1 ? 4 : 0);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(6), (page + 1L) * 100 * samples);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(18), page + 2);
            bytes[26] = checked((byte)lacing.Count);
            Seal(bytes, 0);
            file.AddRange(bytes);
        }
        return [.. file];
    }

    /// <summary>
    /// The speech in every one of so many streams of mono, one packet to a page, in a file with that many channels (RFC 7845 §5.1.1).
    /// </summary>
    public static byte[] InEachStream(int streams, byte family)
    {
        byte[] head = [.. "OpusHead"u8, 1, (byte)streams, 0x38, 0x01, 0x80, 0xBB, 0, 0, 0, 0, family, (byte)streams, 0,
            .. Enumerable.Range(0, streams).Select(stream => (byte)stream)];
        List<byte> file = [.. Page([.. Ada[..27]], head)];
        file.AddRange(Ada[PageStart(Ada, 1)..PageStart(Ada, 2)]);
        OggOpusReader reader = new(new MemoryStream(Ada));
        int number = 1;
        long granule = 0;
        while (reader.TryRead(out OggOpusPacket packet))
        {
            byte[] opus = packet.Opus.ToArray();
            int length = opus.Length - 1;
            byte[] told = length < 252 ? [(byte)length] : [(byte)(252 + (length & 3)), (byte)((length - 252 - (length & 3)) / 4)];
            byte[] delimited = [opus[0], .. told, .. opus[1..]]; // RFC 6716 appendix B: of one frame
            granule += packet.Samples - packet.EndTrim;
            byte[] header = [.. Ada[..27]];
            header[5] = (byte)(packet.EndTrim > 0 ? 4 : 0);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(6), granule);
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(18), ++number);
            file.AddRange(Page(header, [.. Enumerable.Repeat(delimited, streams - 1).SelectMany(one => one), .. opus]));
        }
        return [.. file];
    }

    public static byte[] WithoutPages(byte[] file, int first, int count) =>
        [.. file[..PageStart(file, first)], .. file[PageStart(file, first + count)..]];

    public static int PageStart(byte[] file, int page)
    {
        int at = 0;
        for (int i = 0; i < page; i++) at = NextPage(file, at);
        return at;
    }

    private static byte[] Page(byte[] header, byte[] body)
    {
        byte[] lacing = [.. Enumerable.Repeat((byte)255, body.Length / 255), (byte)(body.Length % 255)];
        header[26] = (byte)lacing.Length;
        byte[] page = [.. header, .. lacing, .. body];
        Seal(page, 0);
        return page;
    }

    private static int NextPage(byte[] file, int at)
    {
        int length = 27 + file[at + 26];
        foreach (byte segment in file.AsSpan(at + 27, file[at + 26])) length += segment;
        return at + length;
    }

    // CRC-32 of RFC 3533 §6, written down a second time: the product's is judged by it.
    private static void Seal(byte[] file, int at)
    {
        Span<byte> page = file.AsSpan(at, NextPage(file, at) - at);
        page.Slice(22, 4).Clear();
        uint crc = 0;
        foreach (byte value in page)
        {
            crc ^= (uint)value << 24;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 0x80000000) != 0 ? (crc << 1) ^ Polynomial : crc << 1;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], crc);
    }
}
