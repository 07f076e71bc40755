using System.Buffers.Binary;
using System.Text;
using Pipeline.Bot.Spool;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Spool;

public sealed class SegmentWriterTests : IDisposable
{
    private readonly TempFolder user = new();

    public void Dispose() => user.Dispose();

    [Theory]
    [InlineData(48_000, "Ada")]
    [InlineData(48_001, "Ada")]
    [InlineData(47_999, "Ada")]
    [InlineData(48_000, "Grace")]
    public void Closed_segment_and_its_sidecar_say_the_last_start_and_name(long start, string name)
    {
        using SegmentWriter writer = Open();
        writer.Write(FrameAudio.OfPcm(new short[960], 960));
        writer.StartSample = start;

        ClosedSegment closed = writer.Close(name);

        SegmentSidecar sidecar = SpoolFiles.ReadSidecar(closed.SidecarPath)!;
        Assert.Equal(SpoolSession.Sidecar(start: start) with { Username = name }, sidecar);
        Assert.Equal(new ClosedSegment(sidecar.Key, name, user.Combine("000000.wav"), user.Combine("000000.json"), start, 960, 1, 1964),
            closed);
        Assert.Equal(1964, new FileInfo(closed.AudioPath).Length);
        Assert.Equal(["000000.json", "000000.wav"], Files());
    }

    [Fact]
    public void Kill_takes_no_more_than_32_KiB_of_a_wav_file()
    {
        using SegmentWriter writer = Open();
        writer.WriteSilence(16_362); // and 44 bytes of header
        Assert.Equal(0, writer.FlushedSampleCount);
        writer.WriteSilence(1);
        Assert.Equal(16_362, writer.FlushedSampleCount);
    }

    [Theory]
    [InlineData(480, 0)]
    [InlineData(-480, 0)]
    [InlineData(481, 481)]
    [InlineData(-481, -481)]
    public void Open_segments_sidecar_follows_moves_of_more_than_10_ms(long moved, long written)
    {
        using SegmentWriter writer = Open();
        writer.StartSample += moved;
        writer.RefreshSidecar();
        Assert.Equal(48_000 + written, SpoolFiles.ReadSidecar(user.Combine("000000.json"))!.StartSample);
    }

    [Fact]
    public void Segment_that_cannot_be_opened_leaves_no_sidecar()
    {
        Directory.CreateDirectory(user.Combine("000000.open.wav"));
        Assert.ThrowsAny<SystemException>(() => Open());
        Assert.Empty(Files());
    }

    [Fact]
    public void Full_disk_at_the_close_keeps_the_sidecar_that_is_there()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full on this system");
        using SegmentWriter writer = Open();
        writer.Write(FrameAudio.OfPcm(new short[960], 960));
        File.CreateSymbolicLink(user.Combine("000000.json.tmp"), "/dev/full");

        writer.Close("Grace");

        Assert.Equal(["000000.json", "000000.wav"], Files());
        Assert.Equal(SpoolSession.Sidecar(), SpoolFiles.ReadSidecar(user.Combine("000000.json")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Frame_that_is_divided_between_two_files_is_whole_in_both(int channels)
    {
        short[] pcm = [.. Enumerable.Range(0, 960 * channels).Select(value => (short)value)];
        foreach (int taken in (int[])[0, 1, 500, 959, 960])
        {
            FrameAudio frame = FrameAudio.OfPcm(pcm, 960), first = frame.Take(taken), rest = frame.Skip(taken);
            Assert.Equal((taken, 960 - taken), (first.Samples, rest.Samples));
            Assert.Equal(pcm, first.Pcm.ToArray().Concat(rest.Pcm.ToArray()));
            Assert.Equal(taken * channels, first.Pcm.Length);
        }
        Assert.False(FrameAudio.OfPacket([1], 960).IsDivisible);
        Assert.Equal(960, FrameAudio.OfLoss(960).Take(960).Samples);
    }

    [Fact]
    public void What_has_no_file_lies_nowhere_off_its_place()
    {
        using OpusAudio opus = new();
        using WavAudio wav = new();
        Assert.Equal((0, 0), (opus.Lag, wav.Lag));
    }

    [Fact]
    public void Discarded_segment_leaves_nothing()
    {
        using SegmentWriter writer = Open();
        writer.Write(FrameAudio.OfPcm(new short[960], 960));
        writer.Discard();
        Assert.Empty(Files());
        Assert.Empty(OpenHandles.Below(user.Path));
    }

    [Fact]
    public void Nothing_of_a_discarded_segment_is_said_again_in_the_next()
    {
        using OpusAudio kept = new(), empty = new();
        for (int index = 0; index < 2; index++)
        {
            SegmentWriter writer = Open(index, kept, continues: false);
            for (int frame = 0; frame < 20; frame++) writer.Write(FrameAudio.OfPacket([0x08, 1, 2, 3, (byte)frame], 960));
            if (index == 0) writer.Close("Ada");
            else writer.Discard();
        }
        byte[] fresh = File.ReadAllBytes(Open(2, empty, continues: true).Close("Ada").AudioPath);
        Assert.Equal(fresh, File.ReadAllBytes(Open(2, kept, continues: true).Close("Ada").AudioPath));
    }

    [Fact]
    public void Closed_segment_is_not_held_and_a_sidecar_that_is_right_is_not_written_again()
    {
        using SegmentWriter writer = Open();
        writer.Write(FrameAudio.OfPcm(new short[960], 960));
        File.SetLastWriteTimeUtc(user.Combine("000000.json"), DateTime.UnixEpoch);
        ClosedSegment closed = writer.Close("Ada");
        Assert.Empty(OpenHandles.Below(user.Path));
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(closed.SidecarPath));
    }

    [Fact]
    public void Segment_that_could_not_be_renamed_is_whole_at_the_next_try()
    {
        using SegmentWriter writer = Open();
        writer.Write(FrameAudio.OfPcm(new short[960], 960));
        Directory.CreateDirectory(user.Combine("000000.wav"));
        Assert.ThrowsAny<SystemException>(() => writer.Close("Grace"));
        Directory.Delete(user.Combine("000000.wav"));
        ClosedSegment closed = writer.Salvage()!;
        Assert.Equal(("Grace", 960L, 1964L), (closed.Username, closed.SampleCount, new FileInfo(closed.AudioPath).Length));
        Assert.Equal(["000000.json", "000000.wav"], Files());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)] // somebody emptied the folder
    public void Segment_that_was_given_up_is_ended_later_or_goes(bool isUnwanted, bool isGone)
    {
        using SegmentWriter writer = Open();
        writer.WriteSilence(16_363); // one more than the buffer holds, which is given up
        writer.StartSample = 48_100;
        StrandedSegment stranded = writer.Strand();
        Assert.Empty(OpenHandles.Below(user.Path));
        stranded.IsUnwanted = isUnwanted;
        if (isGone) File.Delete(user.Combine("000000.open.wav"));
        ClosedSegment? ended = stranded.End();
        if (isUnwanted || isGone)
        {
            Assert.Null(ended);
            Assert.Empty(Files());
            return;
        }
        SegmentSidecar sidecar = SpoolFiles.ReadSidecar(user.Combine("000000.json"))!;
        Assert.Equal(SpoolSession.Sidecar(start: 48_100), sidecar);
        Assert.Equal(new ClosedSegment(sidecar.Key, "Ada", user.Combine("000000.wav"), user.Combine("000000.json"), 48_100, 16_362, 1,
            32_768), ended);
        Assert.Equal(["000000.json", "000000.wav"], Files());
    }

    [Fact]
    public void Sidecar_says_which_version_it_is_of()
    {
        using SegmentWriter writer = Open();
        Assert.StartsWith("{\"version\":1,", File.ReadAllText(user.Combine("000000.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_of_an_Opus_file_is_numbered_by_its_speaker_and_its_index()
    {
        SegmentSidecar sidecar = SpoolSession.Sidecar(index: 4) with { UserId = 0x1_0000_0002 };
        using SegmentWriter writer = SegmentWriter.Open(user.Path, sidecar, new OpusAudio(), continues: false);
        byte[] file = File.ReadAllBytes(writer.Close("Ada").AudioPath);
        Assert.Equal(1u ^ 2u ^ 4u, BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(14))); // RFC 3533, 6
    }

    [Fact]
    public void Opus_file_says_of_itself_whose_it_is_and_the_start_that_was_known_at_its_end()
    {
        using SegmentWriter writer = SegmentWriter.Open(user.Path, SpoolSession.Sidecar(index: 4), new OpusAudio(), continues: false);
        writer.Write(FrameAudio.OfPacket([0x08, 1, 2, 3], 960));
        writer.StartSample = 123_456;
        string file = Encoding.Latin1.GetString(File.ReadAllBytes(writer.Close("Ada").AudioPath));
        foreach (string comment in (string[])["ARTIST=Ada", "DATE=1970-01-01T00:00:00.000Z",
            $"RECORDING_ID={SpoolSession.Info.RecordingId}", "USER_ID=7", "SEGMENT_INDEX=4", "START_SAMPLE=000000123456"])
            Assert.Contains(comment, file, StringComparison.Ordinal);
    }

    private SegmentWriter Open() => Open(0, new WavAudio(), continues: false);

    private SegmentWriter Open(int index, ISegmentAudio audio, bool continues) =>
        SegmentWriter.Open(user.Path, SpoolSession.Sidecar(index), audio, continues);

    private string[] Files() => [.. Directory.GetFiles(user.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}
