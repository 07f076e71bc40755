using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>
/// Talk from senders that begin a spurt with a leftover silence marker and whose first packets come late and bunched, with RTP
/// clocks that run on in pauses or stand still. The truth is the earliest arrival: the packet that the network delayed least.
/// </summary>
public sealed class SpurtPlacementTests(ITestOutputHelper output)
{
    private const double Bound = 20; // ms
    private const int All = 200;
    private const int Share = 20; // of shorter talks

    [Theory]
    [InlineData(SegmentFormat.Wav)]
    [InlineData(SegmentFormat.Opus)]
    public void Every_spurt_is_stored_within_20_ms_of_its_earliest_arrival(SegmentFormat format) => Judge(format, Share);

    [Theory]
    [InlineData(SegmentFormat.Wav)]
    [InlineData(SegmentFormat.Opus)]
    [Trait("Category", "Soak")]
    public void Every_spurt_of_200_mixes_is_stored_within_20_ms_of_its_earliest_arrival(SegmentFormat format) =>
        Judge(format, All);

    [Theory]
    [InlineData(40, SegmentFormat.Wav)]
    [InlineData(80, SegmentFormat.Wav)]
    [InlineData(400, SegmentFormat.Wav)]
    [InlineData(40, SegmentFormat.Opus)]
    [InlineData(400, SegmentFormat.Opus)]
    public void Held_head_behind_a_leftover_marker_is_no_stall(int held, SegmentFormat format)
    {
        SenderScenario sent = new("discord.js, one talk in seven seconds")
        {
            Turns = [1300, 5700, 1300, 5700, 1300, 5700, 1300],
            ClockStopsInPauses = true,
            LeftoverMarker = true,
            HeadHold = held
        };
        SpurtJudgement judged = Record(sent, format);
        Assert.True(judged.Worst < Bound && judged.Missing == 0, $"{judged.Worst} ms, {judged}");
    }

    private void Judge(SegmentFormat format, int count)
    {
        List<string> misses = [];
        double worst = 0;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            SpurtJudgement judged = Record(count == All ? Mix(seed) : ShortMix(seed), format);
            lock (misses)
            {
                worst = Math.Max(worst, judged.Worst);
                if (judged.Worst >= Bound || judged.Missing > 0) misses.Add($"{judged.Worst:F1} ms, {judged}");
            }
        });
        output.WriteLine($"SPURTS {format} {count} mixes, worst {worst:F1} ms, {misses.Count} missed");
        Assert.True(misses.Count == 0, $"{misses.Count} of {count} mixes:\n{string.Join('\n', misses.Take(20))}");
    }

    private static SpurtJudgement Record(SenderScenario mix, SegmentFormat format)
    {
        SyntheticSender sender = new SyntheticSender(mix).Speak();
        using CaptureRun run = new(new CaptureOptions { Channels = 1, Format = format });
        run.Receive(sender).Stop();
        return SpurtJudgement.Of(run.Lane(), sender, mix, run.Track().Health);
    }

    private static SenderScenario ShortMix(int seed)
    {
        Random random = new(seed);
        return Mix(seed) with
        {
            Turns = [.. Enumerable.Range(0, 5).Select(turn => turn % 2 == 0 ? random.Next(500, 1500) : random.Next(300, 3000))],
        };
    }

    private static SenderScenario Mix(int seed)
    {
        Random random = new(seed);
        return new SenderScenario($"seed {seed}")
        {
            Seed = seed,
            LeftoverMarker = true,
            HeadHold = random.Next(4) == 0 ? 0 : random.NextDouble() * 400,
            Jitter = random.Next(4) == 0 ? 0 : random.NextDouble() * 100,
            Loss = random.Next(3) == 0 ? 0 : random.NextDouble() * 0.1,
            FrameMilliseconds = ((int[])[10, 20, 60])[random.Next(3)],
            ClockStopsInPauses = random.Next(2) == 0,
            FirstSequence = (ushort)random.Next(65_536),
            FirstTimestamp = (uint)random.NextInt64(1L << 32),
            Turns = [.. Enumerable.Range(0, 9).Select(turn => turn % 2 == 0 ? random.Next(500, 6000) : random.Next(300, 6000))],
        };
    }
}
