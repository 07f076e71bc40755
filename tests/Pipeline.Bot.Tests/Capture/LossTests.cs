using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Tests.Capture;

public abstract class LossTests(SegmentFormat format) : CaptureSuite(format)
{
    private const int Millisecond = 48;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Short_loss_is_made_up_in_its_place(int packets)
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000).Lose(packets).Say(1000);
        run.Stop();
        TrackHealth health = run.Track().Health;
        // Without a decoder the last one is left for what plays it, too.
        int recovered = IsOpus ? 0 : 1;
        Assert.Equal((packets, packets - recovered, recovered), (health.Lost, health.Concealed, health.Recovered));
        Assert.Equal((2000L + (packets * 20)) * Millisecond, Assert.Single(run.Closed).SampleCount);
        Assert.Empty(run.Recording.Snapshot.Gaps);
        short[] lane = run.Lane();
        int gap = (int)run.Closed[0].StartSample + (1000 * Millisecond);
        Assert.Contains(lane[gap..(gap + (20 * Millisecond))], value => Math.Abs((int)value) > 2000);
    }

    [Fact]
    public void Packets_without_audio_are_neither_loss_nor_gap()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        for (int i = 0; i < 200; i++)
        {
            ada.Say(60);
            run.Receive(CaptureRun.Ada, ada.Ssrc, ada.Sequence++, 7, [], AudioFrameKind.Empty);
        }
        run.Stop();
        TrackHealth health = run.Track().Health;
        Assert.Equal((600, 0, 200, 0), (health.Received, health.Lost, health.Empty, health.Concealed));
        Assert.Empty(run.Recording.Snapshot.Gaps);
        Assert.Equal(12_000L * 48, run.Closed.Sum(segment => segment.SampleCount));
    }

    [Fact]
    public void Loss_between_packets_without_audio_is_made_up_as_any_other()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        run.Receive(CaptureRun.Ada, ada.Ssrc, ada.Sequence++, 7, [], AudioFrameKind.Empty);
        ada.Lose(2);
        run.Receive(CaptureRun.Ada, ada.Ssrc, ada.Sequence++, 7, [], AudioFrameKind.Empty);
        ada.Say(1000);
        run.Stop();
        TrackHealth health = run.Track().Health;
        Assert.Equal((2, 2), (health.Lost, health.Concealed + health.Recovered));
        Assert.Equal(2040L * 48, run.Closed.Sum(segment => segment.SampleCount));
    }

    [Fact]
    public void Nobody_becomes_a_speaker_by_padding()
    {
        using CaptureRun run = Run();
        for (ushort i = 0; i < 100; i++) run.Receive(CaptureRun.Ada, 1, i, 0, [], AudioFrameKind.Empty);
        run.Stop();
        Assert.Empty(run.Recording.Snapshot.Tracks);
    }

    [Fact]
    public void Gap_begins_with_the_last_that_came_not_when_it_was_noticed()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(6000);
        run.AdvanceTo(36_000);
        run.Post(new RecordingAction.GapStarted("reconnect", TimeSpan.FromSeconds(30)));
        run.AdvanceTo(66_000);
        run.Post(new RecordingAction.GapEnded());
        run.Stop();
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal((6000L * 48, 60_000L * 48), (gap.StartSample, gap.SampleCount));
    }

    [Fact]
    public void Packet_without_audio_lets_what_waited_for_it_go_at_once()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        (ushort missing, uint timestamp) = (ada.Sequence, ada.Timestamp);
        ada.Lose(1).Say(20);
        run.AdvanceTo(1080);
        long before = run.Track().Position;
        run.Receive(CaptureRun.Ada, ada.Ssrc, missing, timestamp, [], AudioFrameKind.Empty);
        run.Recording.Tick();
        Assert.Equal(before + (2 * 960), run.Track().Position);
    }

    [Fact]
    public void Gap_is_as_long_as_it_lasts()
    {
        using CaptureRun run = Run();
        run.AdvanceTo(600);
        run.Post(new RecordingAction.GapStarted("reconnect"));
        run.Recording.Tick();
        Assert.All(run.Recording.Snapshot.Gaps, gap => Assert.Equal(0, gap.SampleCount));
        run.AdvanceTo(660);
        Assert.Equal(60L * 48, Assert.Single(run.Recording.Snapshot.Gaps).SampleCount);
    }

    [Fact]
    public void Voice_without_a_name_is_kept_unless_it_may_be_of_somebody_who_said_no()
    {
        using CaptureRun run = Run();
        ulong id = UnnamedSource.IdOf(4711);
        using Talker nobody = new(run, user: id, ssrc: 4711);
        run.Recording.Introduce(id, "Unknown voice", isBot: false);
        nobody.Say(1020);
        run.Recording.Introduce(CaptureRun.Grace, "Grace", isBot: false);
        run.Recording.Consent.OptOut(CaptureRun.Grace);
        nobody.Say(2000);
        run.Stop();
        Assert.InRange(run.Closed.Sum(segment => segment.SampleCount), 900 * 48, 1020 * 48);
        Assert.Equal("Unknown voice", run.Track(id).Username);
        Assert.InRange(run.Track(id).Health.Withheld, 100, 106);
    }

    /// <summary>Of a voice of which nothing was kept no track is left that could show them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gaps_of_a_voice_without_a_name_are_its_owners_where_nothing_of_it_was_kept(bool wasKept)
    {
        using CaptureRun run = Run();
        ulong id = UnnamedSource.IdOf(4711);
        using Talker nobody = new(run, user: id, ssrc: 4711);
        if (wasKept) nobody.Say(1000);
        nobody.Undecryptable(100);
        run.AdvanceTo(run.Now + 4000);
        nobody.Undecryptable(50);
        run.Recording.Recognize(id, CaptureRun.Ada, "Ada (before)");
        nobody.Undecryptable(50);
        run.Stop();
        Assert.Equal("Ada (before)", run.Track(id).Username);
        Assert.All(run.Recording.Snapshot.Gaps, gap =>
            Assert.Equal(("undecryptable", wasKept ? id : CaptureRun.Ada), (gap.Reason, gap.UserId!.Value)));
        Assert.Equal(200L * 20 * Millisecond, run.Recording.Snapshot.Gaps.Sum(gap => gap.SampleCount));
    }

    [Fact]
    public void Longer_loss_is_silence_and_a_gap_to_the_sample()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000).Lose(6).Say(1000);
        run.Stop();
        ClosedSegment only = Assert.Single(run.Closed);
        Assert.Equal(2120L * Millisecond, only.SampleCount);
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal((CaptureRun.Ada, "loss", 120L * Millisecond), (gap.UserId, gap.Reason, gap.SampleCount));
        Assert.Equal(only.StartSample + (1000 * Millisecond), gap.StartSample);
        short[] lane = run.Lane();
        int fading = IsOpus ? 6 * Millisecond : 0; // a decoder comes to silence within the overlap of its frames
        Assert.All(lane[((int)gap.StartSample + fading)..(int)(gap.StartSample + gap.SampleCount)], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Pause_without_a_missing_number_is_no_loss()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000).Pause(1000).Say(1000).Pause(60_000).Say(1000);
        run.Stop();
        Assert.Equal(0, run.Track().Health.Lost);
        Assert.Empty(run.Recording.Snapshot.Gaps);
    }

    [Fact]
    public void Loss_longer_than_the_threshold_closes_and_is_a_gap()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000).Lose(200).Say(1000);
        run.Stop();
        Assert.Equal(2, run.Closed.Count);
        Assert.Equal(5000L * Millisecond, run.Closed[1].StartSample - run.Closed[0].StartSample);
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal(4000L * Millisecond, gap.SampleCount);
        Assert.Equal(200, run.Track().Health.Lost);
    }

    [Fact]
    public void Undecryptable_packets_keep_their_place_and_become_one_gap()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000).Undecryptable(10).Say(1000);
        run.Stop();
        TrackHealth health = run.Track().Health;
        Assert.Equal((10, 5, 0), (health.Undecryptable, health.Concealed, health.Lost));
        Assert.Equal(2200L * Millisecond, Assert.Single(run.Closed).SampleCount);
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal(("undecryptable", 200L * Millisecond, run.Closed[0].StartSample + (1000 * Millisecond)),
            (gap.Reason, gap.SampleCount, gap.StartSample));
    }

    [Fact]
    public void Nothing_but_undecryptable_packets_opens_no_segment_and_shows_while_it_lasts()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Undecryptable(200);
        Assert.Equal("undecryptable", Assert.Single(run.Recording.Snapshot.Gaps).Reason);
        run.Stop();
        Assert.Empty(run.Closed);
        Assert.Equal(4000L * Millisecond, Assert.Single(run.Recording.Snapshot.Gaps).SampleCount);
    }

    [Fact]
    public void Corrupt_packet_is_neither_undecryptable_nor_a_gap()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(400);
        for (int i = 0; i < 20; i++) ada.Send([0xFB]);
        ada.Say(400);
        run.Stop();
        Assert.Equal((20, 0), (run.Track().Health.Corrupt, run.Track().Health.Undecryptable));
        Assert.Empty(run.Recording.Snapshot.Gaps);
    }

    [Fact]
    public void Corrupt_packets_are_counted_and_made_up()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(500).Send([0xFB, 0, 1, 2]).Send([]).Say(500);
        run.Stop();
        Assert.Equal(2, run.Track().Health.Corrupt);
        Assert.Equal(1040L * Millisecond, Assert.Single(run.Closed).SampleCount);
    }

    [Fact]
    public void Duplicates_and_late_ones_are_counted_and_change_nothing()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        run.Receive(CaptureRun.Ada, 1, (ushort)(ada.Sequence - 3), ada.Timestamp - (3 * 960), [0xF8, 0xFF, 0xFE]);
        ada.Lose(1).Say(1000);
        run.Receive(CaptureRun.Ada, 1, (ushort)(ada.Sequence - 51), ada.Timestamp - (51 * 960), [0xF8, 0xFF, 0xFE]);
        ada.Say(1000);
        run.Stop();
        TrackHealth health = run.Track().Health;
        Assert.Equal((1, 1, 1), (health.Duplicate, health.Late, health.Lost));
        Assert.Equal(3020L * Millisecond, Assert.Single(run.Closed).SampleCount);
    }

    [Fact]
    public void Packets_of_the_source_before_do_not_bring_it_back()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        (ushort sequence, uint timestamp) = (ada.Sequence, ada.Timestamp);
        (ada.Ssrc, ada.Sequence, ada.Timestamp) = (2, 9, 9);
        ada.Say(200);
        run.Receive(CaptureRun.Ada, 1, sequence, timestamp, [0xF8, 0xFF, 0xFE]);
        ada.Say(1000);
        run.Stop();
        Assert.Equal((2, 1), (run.Track().Health.Epochs, run.Track().Health.Late));
        Assert.Equal(2, run.Closed.Count);
    }

    [Fact]
    public void Same_source_with_new_counters_is_a_new_epoch()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000).Pause(1000);
        (ada.Sequence, ada.Timestamp) = (40_000, 3_000_000_000);
        ada.Say(1000);
        run.Stop();
        Assert.Equal((2, 0), (run.Track().Health.Epochs, run.Track().Health.Lost));
        Assert.InRange(Assert.Single(run.Closed).SampleCount, 2980 * Millisecond, 3020 * Millisecond); // and goes on in its file
    }
}

public sealed class WavLossTests() : LossTests(SegmentFormat.Wav);

public sealed class OpusLossTests() : LossTests(SegmentFormat.Opus);
