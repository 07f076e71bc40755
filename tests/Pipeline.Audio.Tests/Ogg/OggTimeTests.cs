using Pipeline.Audio.Ogg;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>RFC 7845 §4: where packets lie by granule positions, pre-skip and end trim.</summary>
public sealed class OggTimeTests
{
    [Fact]
    public void Granule_leap_is_a_pause_and_no_damage()
    {
        byte[] file = new OggFiles(preSkip: 0)
            .Page(960, 0, OggFiles.Packet(0))
            .Page(960 + 240_000 + 960, 0, OggFiles.Packet(1))
            .Page(960 + 240_000 + 1920, OggPageWriter.Last, OggFiles.Packet(2)).ToArray();
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(file);
        Assert.Equal([0, 240_960, 241_920], packets.Select(packet => packet.Position));
        Assert.Equal(0, reader.Damages.Count + packets.Sum(packet => packet.Missing));
    }

    [Fact]
    public void Long_pre_skip_is_counted_before_zero()
    {
        byte[] file = new OggFiles(preSkip: 1500).Page(2880, OggPageWriter.Last, OggFiles.Packet(0), OggFiles.Packet(1), OggFiles.Packet(2))
            .ToArray();
        Assert.Equal([(-1500L, 960), (-540L, 540), (420L, 0)],
            OggFiles.Read(file).Packets.Select(packet => (packet.Position, packet.StartTrim)));
    }

    [Fact]
    public void End_trim_reaches_over_packets()
    {
        byte[] file = new OggFiles(preSkip: 0).Page(1000, OggPageWriter.Last, OggFiles.Packet(0), OggFiles.Packet(1), OggFiles.Packet(2))
            .ToArray();
        Assert.Equal([0, 920, 960], OggFiles.Read(file).Packets.Select(packet => packet.EndTrim));
    }

    [Fact]
    public void Stream_that_was_joined_late_begins_at_zero()
    {
        byte[] file = new OggFiles(preSkip: 0).Page(4_800_960, 0, OggFiles.Packet(0)).Page(4_801_920, OggPageWriter.Last,
            OggFiles.Packet(1)).ToArray();
        Assert.Equal([0, 960], OggFiles.Read(file).Packets.Select(packet => packet.Position));
    }

    [Fact]
    public void Granule_that_runs_back_or_leaps_for_weeks_moves_nothing_and_is_named()
    {
        byte[] file = new OggFiles(preSkip: 0)
            .Page(9600, 0, OggFiles.Packet(0))
            .Page(960, 0, OggFiles.Packet(1))
            .Page(1L << 60, 0, OggFiles.Packet(2))
            .Page((1L << 60) + 960, OggPageWriter.Last, OggFiles.Packet(3)).ToArray();
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read(file);
        Assert.Equal([0, 960, 1920, 2880], packets.Select(packet => packet.Position));
        Assert.Equal(2, reader.Damages.Count);
    }

    [Fact]
    public void Chained_streams_follow_each_other_each_with_its_own_header()
    {
        byte[] first = new OggFiles(serial: 1).Page(1272, OggPageWriter.Last, OggFiles.Packet(0), OggFiles.Packet(1)).ToArray();
        byte[] second = new OggFiles(serial: 2, preSkip: 100, gain: -256).Page(1000, OggPageWriter.Last, OggFiles.Packet(2),
            OggFiles.Packet(3)).ToArray();
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read([.. first, .. second]);
        Assert.Equal([-312, 648, 860, 1820], packets.Select(packet => packet.Position));
        Assert.Equal([312, 0, 100, 0], packets.Select(packet => packet.StartTrim));
        Assert.Equal([0, 648, 0, 920], packets.Select(packet => packet.EndTrim));
        Assert.Equal([true, false, true, false], packets.Select(packet => packet.BeginsStream));
        Assert.Equal((2, -256, 0), (reader.Streams, reader.Head.OutputGain, reader.Damages.Count));
    }

    [Fact]
    public void Same_file_twice_is_twice_as_long()
    {
        List<ReadPacket> once = OggFiles.Read(OggFiles.Ada).Packets, twice = OggFiles.Read([.. OggFiles.Ada, .. OggFiles.Ada]).Packets;
        long length = once[^1].Position + once[^1].Samples - once[^1].EndTrim;
        Assert.Equal(2 * once.Count, twice.Count);
        Assert.Equal(2 * length, twice[^1].Position + twice[^1].Samples - twice[^1].EndTrim);
    }

    [Fact]
    public void Chained_stream_that_cannot_be_read_is_named_and_left_out()
    {
        byte[] broken = [.. OggFiles.Ada];
        int tags = OggFiles.PageStart(broken, 1);
        broken[28 + 9] = 6; // channels
        OggFiles.SetChecksum(broken.AsSpan(0, tags));
        (List<ReadPacket> packets, OggOpusReader reader) = OggFiles.Read([.. OggFiles.Ada, .. broken]);
        Assert.Equal(OggFiles.Read(OggFiles.Ada).Packets.Count, packets.Count);
        Assert.Contains("6 channels", Assert.Single(reader.Damages.Named).Problem, StringComparison.Ordinal);
    }
}
