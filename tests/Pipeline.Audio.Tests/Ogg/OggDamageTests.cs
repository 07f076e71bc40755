using Pipeline.Audio.Ogg;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>Damaged files: what is whole is read, at its place; what is not is named.</summary>
public sealed class OggDamageTests
{
    private static readonly byte[] Ada = OggFiles.Ada;
    private static readonly List<ReadPacket> Whole = OggFiles.Read(Ada).Packets;

    [Fact]
    public void Whole_file_has_no_damage()
    {
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(Ada);
        Assert.Equal((0, 1), (reader.Damages.Count, reader.Streams));
        Assert.Equal((-312, 312, 0L), (packets[0].Position, packets[0].StartTrim, packets[0].Missing));
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.Equal(pair.First.Position + pair.First.Samples, pair.Second.Position));
        Assert.All(packets.Skip(1), packet => Assert.Equal((0, false), (packet.StartTrim, packet.BeginsStream)));
    }

    [Fact]
    public void Cut_off_anywhere_the_whole_pages_before_it_are_read()
    {
        Random random = new(5);
        int first = OggFiles.PageStart(Ada, 2);
        for (int i = 0; i < 200; i++)
        {
            int length = random.Next(first, Ada.Length);
            (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(Ada[..length]);
            AssertPart(packets);
            Assert.Equal(Whole.Take(packets.Count).Select(packet => packet.Position), packets.Select(packet => packet.Position));
            if (packets.Count > 0) Assert.Contains("cut off", reader.Damages.Named[^1].Problem, StringComparison.Ordinal);
            long lost = reader.Damages.Named.Where(damage => damage.Problem.Contains("passed over", StringComparison.Ordinal)).Sum(damage =>
                length - damage.Offset);
            Assert.InRange(lost, 0, 65_307);
        }
    }

    [Fact]
    public void Any_flipped_bit_costs_its_page_and_shifts_nothing()
    {
        Random random = new(6);
        int audio = OggFiles.PageStart(Ada, 2), lastPage = Ada.AsSpan().LastIndexOf("OggS"u8);
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = [.. Ada];
            int at = random.Next(audio, lastPage);
            damaged[at] ^= (byte)(1 << random.Next(8));
            (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(damaged);
            AssertPart(packets);
            Assert.Equal(Whole.Sum(packet => packet.Samples), packets.Sum(packet => packet.Samples + packet.Missing));
            Assert.InRange(packets.Sum(packet => packet.Missing), 960, 51 * 960);
            Assert.InRange(reader.Damages.Named[0].Offset, at - 65_307, at);
        }
    }

    [Fact]
    public void Lost_page_leaves_its_time_empty()
    {
        byte[] damaged = [.. Ada[..OggFiles.PageStart(Ada, 3)], .. Ada[OggFiles.PageStart(Ada, 4)..]];
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(damaged);
        AssertPart(packets);
        Assert.Contains("page 3 is missing", Assert.Single(reader.Damages.Named).Problem, StringComparison.Ordinal);
        ReadPacket behind = Assert.Single(packets, packet => packet.Missing > 0);
        Assert.Equal(behind.Position - behind.Missing, packets[packets.IndexOf(behind) - 1].Position + 960);
    }

    [Fact]
    public void Garbage_between_pages_is_passed_over()
    {
        int third = OggFiles.PageStart(Ada, 3);
        byte[] garbage = new byte[200_000];
        new Random(3).NextBytes(garbage);
        "OggS"u8.CopyTo(garbage.AsSpan(70_000));
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read([.. Ada[..third], .. garbage, .. Ada[third..]]);
        Assert.Equal(Whole.Select(packet => packet.Position), packets.Select(packet => packet.Position));
        Assert.Equal(third, reader.Damages.Named[0].Offset);
        Assert.Contains("200000 bytes", reader.Damages.Named[0].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_that_is_lost_is_missing_too()
    {
        byte[] damaged = [.. Ada[..OggFiles.PageStart(Ada, 2)], .. Ada[OggFiles.PageStart(Ada, 3)..]];
        List<ReadPacket> packets = OggFiles.Read(damaged).Packets;
        AssertPart(packets);
        Assert.Equal(packets[0].Position + 312, packets[0].Missing);
        Assert.Equal(Whole.Sum(packet => packet.Samples), packets.Sum(packet => packet.Samples + packet.Missing));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Lost_header_page_costs_no_audio(int page)
    {
        byte[] damaged = [.. Ada];
        damaged[OggFiles.PageStart(Ada, page) + 22] ^= 1;
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(damaged);
        Assert.Equal(Whole.Select(packet => packet.Position), packets.Select(packet => packet.Position));
        Assert.True(reader.Damages.Count > 0);
    }

    [Fact]
    public void Killed_recorder_leaves_no_end_and_every_packet_is_read()
    {
        byte[] file = new OggFiles()
            .Page(960 * 2, 0, OggFiles.Packet(0), OggFiles.Packet(1))
            .Page(960 * 3, 0, OggFiles.Packet(2)).ToArray();
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(file);
        Assert.Equal([-312, 648, 1608], packets.Select(packet => packet.Position));
        Assert.Contains("no end-of-stream page", Assert.Single(reader.Damages.Named).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Packet_that_is_no_Opus_is_missing_at_its_place()
    {
        byte[] file = new OggFiles(preSkip: 0)
            .Page(960 * 3, OggPageWriter.Last, OggFiles.Packet(0), [0xFB], OggFiles.Packet(2)).ToArray();
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(file);
        Assert.Equal([(0L, 0L), (1920L, 960L)], packets.Select(packet => (packet.Position, packet.Missing)));
        Assert.Contains("no Opus", Assert.Single(reader.Damages.Named).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_packet_is_a_pause_at_its_place()
    {
        byte[] file = new OggFiles(preSkip: 0)
            .Page(960 * 3, OggPageWriter.Last, OggFiles.Packet(0), [], OggFiles.Packet(2)).ToArray();
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(file);
        Assert.Equal([(0L, 0L), (1920L, 0L)], packets.Select(packet => (packet.Position, packet.Missing)));
        Assert.Equal(0, reader.Damages.Count);
    }

    [Fact]
    public void Packet_over_a_lost_page_is_missing_as_a_whole()
    {
        byte[] long1 = [0xFC, .. new byte[700]];
        byte[] whole = new OggFiles(preSkip: 0).Page(960, 0, OggFiles.Packet(0)).Page(1920, 0, long1).Page(2880, OggPageWriter.Last,
            OggFiles.Packet(2)).ToArray();
        byte[] split = OggFiles.Split(whole, 3);
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(split);
        Assert.Equal((3, 0), (packets.Count, reader.Damages.Count));
        Assert.Equal(long1, packets[1].Opus);
        byte[] damaged = [.. split[..OggFiles.PageStart(split, 3)], .. split[OggFiles.PageStart(split, 4)..]];
        packets = OggFiles.Read(damaged).Packets;
        Assert.Equal([(0L, 0L), (1920L, 960L)], packets.Select(packet => (packet.Position, packet.Missing)));
    }

    [Fact]
    public void Page_that_came_twice_is_taken_once()
    {
        int third = OggFiles.PageStart(Ada, 3), fourth = OggFiles.PageStart(Ada, 4);
        List<ReadPacket> packets = OggFiles.Read([.. Ada[..fourth], .. Ada[third..]]).Packets;
        Assert.Equal(Whole.Select(packet => packet.Position), packets.Select(packet => packet.Position));
    }

    // Each packet that was read is one of the whole file's, at the same place.
    private static void AssertPart(List<ReadPacket> packets)
    {
        Dictionary<long, byte[]> known = Whole.ToDictionary(packet => packet.Position, packet => packet.Opus);
        foreach (ReadPacket packet in packets) Assert.Equal(known[packet.Position], packet.Opus);
    }
}
