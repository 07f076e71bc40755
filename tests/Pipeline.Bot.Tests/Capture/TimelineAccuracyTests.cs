using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

public sealed class TimelineAccuracyTests(ITestOutputHelper output)
{
    private static readonly int[] Conversation = [6000, 700, 9000, 3500, 5000, 1500, 400, 900, 4000];
    private static readonly int[] Talk = [16_000];

    public static TheoryData<SenderScenario> Scenarios =>
    [
        new SenderScenario("clean") { Turns = Talk },
        new SenderScenario("clean, talk and pauses") { Turns = Conversation },
        new SenderScenario("loss 5 %") { Turns = Talk, Loss = 0.05 },
        new SenderScenario("loss 20 %") { Turns = Talk, Loss = 0.20 },
        new SenderScenario("jitter 60 ms, loss 5 %") { Jitter = 60, Loss = 0.05, Turns = Conversation },
        new SenderScenario("jitter 200 ms") { Turns = Talk, Jitter = 200 },
        new SenderScenario("jitter 200 ms, talk and pauses") { Jitter = 200, Turns = Conversation },
        new SenderScenario("jitter 200 ms, loss 20 %, 60 ms frames") { Jitter = 200, Loss = 0.20, FrameMilliseconds = 60,
            Turns = Conversation },
        new SenderScenario("reorder 10 %") { Turns = Talk, Reorder = 0.10 },
        new SenderScenario("sequence wraps") { Turns = Talk, FirstSequence = 65_500 },
        new SenderScenario("timestamp wraps") { Turns = Talk, FirstTimestamp = uint.MaxValue - 200_000 },
        new SenderScenario("both wrap, jitter 80 ms, loss 10 %") { Turns = Talk, FirstSequence = 65_300,
            FirstTimestamp = uint.MaxValue - 200_000, Jitter = 80, Loss = 0.10 },
        new SenderScenario("rejoin with new source and bases") { Turns = Conversation, RejoinAtTurn = 3 },
        new SenderScenario("rejoin, jitter 200 ms, loss 10 %") { Turns = Conversation, RejoinAtTurn = 1, Jitter = 200, Loss = 0.10 },
        new SenderScenario("10 ms frames, jitter 60 ms") { Turns = Talk, FrameMilliseconds = 10, Jitter = 60 },
        new SenderScenario("40 ms frames, loss 10 %") { Turns = Talk, FrameMilliseconds = 40, Loss = 0.10 },
        new SenderScenario("60 ms frames") { FrameMilliseconds = 60, Turns = Conversation },
        new SenderScenario("sender +500 ppm") { PartsPerMillion = 500, Turns = [60_000] },
        new SenderScenario("sender -500 ppm") { PartsPerMillion = -500, Turns = [60_000] },
        new SenderScenario("sender +500 ppm, jitter 200 ms, loss 20 %") { PartsPerMillion = 500, Jitter = 200, Loss = 0.20,
            Turns = [60_000] },
        new SenderScenario("sender -500 ppm, jitter 200 ms, loss 20 %") { PartsPerMillion = -500, Jitter = 200, Loss = 0.20,
            Turns = [60_000] },
        new SenderScenario("sender -500 ppm, long pauses") { PartsPerMillion = -500, Turns = [5000, 30_000, 5000, 30_000, 5000] },
        new SenderScenario("stall of 400 ms, then a burst") { Turns = Talk, StallAt = 8000, StallLength = 400 },
        new SenderScenario("stall of 400 ms under jitter 60 ms") { Turns = Talk, StallAt = 8000, StallLength = 400, Jitter = 60 },
        new SenderScenario("stall of 1500 ms, then a burst") { Turns = Talk, StallAt = 8000, StallLength = 1500 },
        new SenderScenario("stall of 400 ms, 10 ms frames") { Turns = Talk, StallAt = 8000, StallLength = 400, FrameMilliseconds = 10 },
        new SenderScenario("RTP clock stops in pauses") { ClockStopsInPauses = true, Turns = Conversation },
        new SenderScenario("RTP clock stops in pauses, jitter 30 ms, loss 5 %") { ClockStopsInPauses = true, Turns = Conversation,
            Jitter = 30, Loss = 0.05 },
    ];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void What_was_said_lies_within_20_ms_of_when_it_was_said(SenderScenario sent)
    {
        // To speak takes longer than to record.
        SyntheticSender sender = new SyntheticSender(sent).Speak();
        foreach (SegmentFormat format in (SegmentFormat[])[SegmentFormat.Wav, SegmentFormat.Opus]) AssertAccurate(format, sent, sender);
    }

    private void AssertAccurate(SegmentFormat format, SenderScenario sent, SyntheticSender sender)
    {
        using CaptureRun run = new(new CaptureOptions { Channels = 1, Format = format });
        run.Receive(sender).Stop();

        LaneComparison found = LaneComparison.Of(run.Lane(), sender);
        TrackHealth health = run.Track().Health;
        output.WriteLine(
            $"TIMELINE {format} {sent.Name}: worst {found.Worst:F1} ms, mean {found.Errors.Average():F1} ms, {found.Errors.Length} of "
            + $"{found.Stretches} stretches recognized, " +
            $"lost {health.Lost} of {sender.LostCount}, concealed {health.Concealed}, recovered {health.Recovered}, late {health.Late}, "
                + $"reanchored {health.Reanchored}, slipped {health.Slipped}, segments {run.Closed.Count}");
        Assert.True(found.Worst < 20, $"{format}: {found.Worst} ms");
        Assert.True(found.Unrecognized <= found.Stretches * Math.Max(0.02, 2.5 * sent.Loss),
            $"{format}: {found.Unrecognized} of {found.Stretches} stretches not found");
        Assert.Equal(sender.Packets.Count, health.Received);
    }

    [Theory]
    [InlineData(60, 140)]
    [InlineData(20, 200)]
    public void Late_packets_do_not_break_talk_that_goes_on(int frameMilliseconds, int jitter)
    {
        SenderScenario sent = new($"late packets of {frameMilliseconds} ms")
        {
            FrameMilliseconds = frameMilliseconds,
            Jitter = jitter,
            Turns = [40_000],
            PartsPerMillion = 300
        };
        SyntheticSender sender = new SyntheticSender(sent).Speak();
        using CaptureRun run = new(
            new CaptureOptions { Channels = 1, ReorderWindow = TimeSpan.FromMilliseconds(300), MinimumSegmentDuration = TimeSpan.Zero });
        run.Receive(sender).Stop();
        TrackHealth health = run.Track().Health;
        Assert.Equal((0, 0), (health.Lost, health.Reanchored));
        long spoken = 40_000 / frameMilliseconds * frameMilliseconds * 48L;
        Assert.InRange(run.Closed.Sum(segment => segment.SampleCount), spoken - health.Slipped, spoken + health.Slipped + (5 * 960));
        short[] lane = run.Lane();
        int silence = 0, longest = 0;
        for (int i = (int)run.Closed[0].StartSample + 4800; i < lane.Length - (48 * 400); i++)
        {
            silence = lane[i] == 0 ? silence + 1 : 0;
            longest = Math.Max(longest, silence);
        }
        Assert.True(longest < 24, $"{longest} samples of silence within talk");
    }

    [Theory]
    [InlineData(15, 40, 230)] // on time once in 4.6 s
    [InlineData(60, 100, 230)]
    [InlineData(5, 10, 230)]
    public void Late_packets_among_timely_ones_ask_for_no_slip(int late, int jitter, int onTimeOneIn)
    {
        SenderScenario sent = new($"busy sender, {late} ms late")
        {
            Late = late,
            Jitter = jitter,
            OnTimeOneIn = onTimeOneIn,
            Turns = [60_000]
        };
        SyntheticSender sender = new SyntheticSender(sent).Speak();
        using CaptureRun run = new(new CaptureOptions { Channels = 1, ReorderWindow = TimeSpan.FromMilliseconds(200) });
        run.Receive(sender).Stop();
        Assert.Equal((0, 0), (run.Track().Health.Slipped, run.Track().Health.Reanchored));
        Assert.True(LaneComparison.Of(run.Lane(), sender).Worst < 1);
    }

    [Theory]
    [InlineData(200, 40, true, SegmentFormat.Wav)]
    [InlineData(200, 40, false, SegmentFormat.Wav)]
    [InlineData(400, 60, true, SegmentFormat.Wav)]
    [InlineData(180, 200, true, SegmentFormat.Wav)]
    [InlineData(400, 60, true, SegmentFormat.Opus)]
    [InlineData(180, 200, true, SegmentFormat.Opus)]
    public void Sender_that_is_busy_for_three_seconds_within_talk_moves_nothing(int stall, int late, bool clockStops, SegmentFormat format)
    {
        SenderScenario sent = new("busy within talk")
        {
            StallAt = 12_000,
            StallLength = stall,
            LateFrom = 12_000,
            LateUntil = 15_000,
            Late = late,
            OnTimeOneIn = 0,
            Jitter = 10,
            Turns = [3000, 3000, 30_000],
            ClockStopsInPauses = clockStops,
            LeftoverMarker = true,
        };
        SyntheticSender sender = new SyntheticSender(sent).Speak();
        using CaptureRun run = new(new CaptureOptions { Channels = 1, Format = format });
        run.Receive(sender).Stop();
        SpurtJudgement judged = SpurtJudgement.Of(run.Lane(), sender, sent, run.Track().Health);
        Assert.True(judged.Worst < 2 && judged.Missing == 0, $"{judged.Worst} ms, {judged}");
        Assert.Equal((clockStops ? 1 : 0, 0), (run.Track().Health.Reanchored, run.Track().Health.Slipped));
    }

    [Theory]
    [InlineData(2.5, 90, 100)]
    [InlineData(2.5, 380, 400)]
    [InlineData(5, 90, 100)]
    [InlineData(20, 380, 400)]
    public void Jitter_within_the_window_drops_no_packet_of_any_length(double frameMilliseconds, int jitter, int window)
    {
        SenderScenario sent = new($"frames of {frameMilliseconds} ms")
        {
            FrameMilliseconds = frameMilliseconds,
            Jitter = jitter,
            Turns = [6000, 500, 6000]
        };
        SyntheticSender sender = new SyntheticSender(sent).Speak();
        using CaptureRun run = new(new CaptureOptions { Channels = 1, ReorderWindow = TimeSpan.FromMilliseconds(window) });
        run.Receive(sender).Stop();
        TrackHealth health = run.Track().Health;
        Assert.Equal((0, 0, 0), (health.Late, health.Lost, health.Concealed));
        Assert.True(health.Reordered > sender.Packets.Count / 4);
    }
}
