using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>One user's frames as they arrive: which source they are of, what is waited for, what numbers alone tell.</summary>
public sealed class PacketIntakeTests : IDisposable
{
    private static readonly byte[] Marker = [0xF8, 0xFF, 0xFE];

    private readonly TrackParts track = new(new CaptureOptions { Channels = 1, MinimumSegmentDuration = TimeSpan.Zero });

    public void Dispose() => track.Dispose();

    [Fact]
    public void First_packets_of_a_source_are_looked_at_together_whatever_its_clock_says()
    {
        for (int i = 0; i < 8; i++)
        {
            track.Accept(100 + i, 3_000_000_000 + (uint)(960 * i), 50_000 + (960 * i));
            if (i < 5) Assert.Equal((TimelineState.GatheringAnchor, 0), (track.Timeline.State, track.Placement.Position)); // 100 ms
        }
        Assert.Equal((TimelineState.Following, 96d, 50_000L), (track.Timeline.State, track.Timeline.Tolerance, track.Lane.Start));
    }

    [Fact]
    public void Packets_of_the_source_before_linger_for_a_second()
    {
        Say(100, 10, at: 0);
        track.Accept(5_000, 77, 20_000, ssrc: 2);
        track.Accept(110, 9_600, 20_000 + 47_999);
        Assert.Equal((2L, 1L), (track.Counters.Epochs, track.Counters.Late));
        track.Accept(3, 77, 20_000 + 48_000, ssrc: 3); // another one does not
        Assert.Equal((3L, 1L), (track.Counters.Epochs, track.Counters.Late));
        track.Accept(5_001, 1_037, 68_000 + 48_000, ssrc: 2);
        Assert.Equal((4L, 1L), (track.Counters.Epochs, track.Counters.Late));
    }

    [Fact]
    public void Source_before_comes_back_where_the_one_behind_it_has_ended()
    {
        Say(100, 10, at: 0);
        track.Accept(5_000, 77, 20_000, ssrc: 2);
        track.Intake.EndEpoch();
        track.Accept(110, 9_600, 30_000);
        Assert.Equal((3L, 0L), (track.Counters.Epochs, track.Counters.Late));
    }

    [Theory]
    [InlineData(7_200, 10_000 + 7_200 + 960, false)] // 150 ms
    [InlineData(7_201, 10_000 + 960, true)] // the second one begins a run, and waits for those behind it
    public void Run_of_a_packet_does_not_wait_for_the_next_run(int pause, long position, bool isGathering)
    {
        track.Accept(100, 0, 10_000);
        track.Accept(101, (uint)pause, 10_000 + pause);
        Assert.Equal((position, isGathering), (track.Placement.Position, track.Timeline.IsGathering));
    }

    [Fact]
    public void Packet_without_audio_of_another_source_or_far_off_takes_no_number()
    {
        Say(100, 20, at: 0);
        Skip(120, ssrc: 2, at: 19_200);
        Skip(20_000, ssrc: 1, at: 19_200);
        Say(120, 20, at: 19_200);
        track.Intake.Flush();
        Assert.Equal((40L, 0L, 0L, 0L), (Placed, track.Counters.Lost, track.Counters.Duplicate, track.Counters.Late));
    }

    [Fact]
    public void Packets_without_audio_behind_the_end_of_a_source_tell_nothing()
    {
        Say(100, 20, at: 0);
        track.Intake.EndEpoch();
        foreach (int sequence in (int[])[120, 125, 130, 135]) Skip(sequence, ssrc: 1, at: 19_200 + ((sequence - 120) * 960));
        Assert.Equal(0, track.Counters.Lost);
        Say(136, 10, at: 40_000);
        track.Intake.Flush();
        Assert.Equal((0L, 2L), (track.Counters.Lost, track.Counters.Epochs));
    }

    [Fact]
    public void Silence_markers_begin_no_run_and_the_talk_behind_them_does()
    {
        Say(100, 20, at: 0);
        for (int i = 0; i < 5; i++) track.Accept(120 + i, (uint)(19_200 + (960 * i)), 19_200 + (960 * i), Marker);
        Assert.Equal(TimelineState.Following, track.Timeline.State);
        track.Accept(118, 18 * 960, 24_000); // an old one, once more
        Assert.Equal((TimelineState.Following, 1L), (track.Timeline.State, track.Counters.Duplicate));
        track.Accept(125, 24_000, 24_000);
        Assert.Equal(TimelineState.Gathering, track.Timeline.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_a_clock_stood_still_the_earliest_of_the_first_packets_tells_the_place(bool withPadding)
    {
        Say(100, 20, at: 0);
        for (int i = 0; i < 5; i++) track.Accept(120 + i, (uint)(19_200 + (960 * i)), 19_200 + (960 * i), Marker);
        int sequence = 125;
        foreach (int late in (int[])[1_000, 600, 900, 0, 300, 700, 800, 500])
        {
            int frame = sequence - 125;
            track.Accept(sequence++, (uint)(24_000 + (960 * frame)), 300_000 + (960 * frame) + late);
            if (!withPadding) continue;
            Skip(sequence++, ssrc: 1, at: 300_000 + (960 * frame) + late);
        }
        track.Intake.Flush();
        track.Placement.Close(padding: 0, arrival: 310_000);
        Assert.Equal((1L, 0L, 300_000L), (track.Counters.Reanchored, track.Counters.Lost, track.Closed[^1].StartSample));
    }

    [Fact]
    public void Packet_that_proved_a_new_beginning_proves_no_other()
    {
        Say(100, 20, at: 0);
        Say(30_000, 700, at: 19_200);
        Assert.Equal((2L, 0L), (track.Counters.Epochs, track.Counters.Late));
        track.Accept(30_001, 20_160, 700_000); // one of the first, far too late
        Assert.Equal(2, track.Counters.Epochs);
        track.Accept(9_000, 20_160, 700_100); // and one that lies: the one before was of no source
        Assert.Equal((2L, 1L), (track.Counters.Epochs, track.Counters.Late));
    }

    [Theory]
    [InlineData(3_000, 2_999, 0, 1)] // so many may be lost
    [InlineData(3_001, 0, 0, 2)]
    [InlineData(-512, 0, 1, 1)] // and so far behind may one come
    [InlineData(-513, 0, 0, 2)]
    public void Number_that_no_loss_and_no_delay_explains_begins_a_source_with_the_next(int step, long lost, long late, long epochs)
    {
        Say(1_000, 20, at: 0);
        track.Accept(1_019 + step, 19_200, 19_200);
        track.Accept(1_019 + step + Math.Sign(step), 20_160, 20_160);
        track.Intake.Flush();
        Assert.Equal((lost, late, epochs), (track.Counters.Lost, track.Counters.Late, track.Counters.Epochs));
    }

    [Fact]
    public void Missing_packet_is_waited_for_as_long_as_the_window_says_although_none_came_for_a_while()
    {
        using TrackParts wide = new(new CaptureOptions { Channels = 1, ReorderWindow = TimeSpan.FromMilliseconds(400) });
        for (int i = 0; i < 40; i++) wide.Accept(100 + i, (uint)(960 * i), 960 * i);
        wide.Accept(141, 41 * 960, 41 * 960);
        wide.Accept(142, 42 * 960, (41 * 960) + 9_600); // 200 ms later, which is a run of its own
        wide.Accept(140, 40 * 960, (41 * 960) + 9_700);
        wide.Intake.Flush();
        Assert.Equal((0L, 0L, 1L), (wide.Counters.Lost, wide.Counters.Late, wide.Counters.Reordered));
    }

    [Fact]
    public void Word_before_a_new_source_is_padded_up_to_a_quarter_of_a_second_before_it()
    {
        using TrackParts word = new();
        word.Accept(100, 0, 10_000);
        word.Intake.Flush();
        word.Accept(7, 7, 40_000, ssrc: 2);
        Assert.Equal((10_000L, 40_000L - 12_000 - 10_000), (Assert.Single(word.Closed).StartSample, word.Closed[0].SampleCount));
    }

    [Fact]
    public void What_waits_for_a_missing_packet_is_placed_before_what_cannot_wait()
    {
        Say(100, 20, at: 0);
        track.Accept(121, 20_160, 20_160);
        long before = track.Placement.Position;
        byte[] large = new byte[ReorderBuffer.LongestPacket + 1];
        large[0] = 0xFB; // is no Opus, and is made up
        track.Accept(123, 22_080, 22_080, large);
        Assert.Equal((before + (4 * 960), 2L, 1L), (track.Placement.Position, track.Counters.Lost, track.Counters.Corrupt));
    }

    [Fact]
    public void Packet_that_cannot_wait_ends_the_gathering()
    {
        byte[] large = new byte[ReorderBuffer.LongestPacket + 1];
        large[0] = 0xFB;
        track.Accept(100, 7, 10_000, large);
        Assert.Equal((TimelineState.Following, 1L, 10_960L),
            (track.Timeline.State, track.Counters.Corrupt, track.Placement.Position));
    }

    private long Placed => (long)Math.Round((track.Placement.Position - track.Lane.Start) / 960.0);

    /// <summary>So many frames of 20 ms on a perfect line from a number and a position on.</summary>
    private void Say(int sequence, int frames, int at)
    {
        for (int i = 0; i < frames; i++) track.Accept(sequence + i, (uint)(at + (960 * i)), at + (960 * i));
    }

    private void Skip(int sequence, uint ssrc, double at) =>
        track.Intake.Skip(TrackParts.Frame(sequence, 0, [], ssrc, AudioFrameKind.Empty), at);
}
