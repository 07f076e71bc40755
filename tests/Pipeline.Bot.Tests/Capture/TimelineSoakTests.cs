using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

[Trait("Category", "Soak")]
public sealed class TimelineSoakTests(ITestOutputHelper output)
{
    private const int Mixes = 150;

    [Theory]
    [InlineData(SegmentFormat.Wav)]
    [InlineData(SegmentFormat.Opus)]
    public void Any_mix_of_faults_leaves_audio_within_20_ms(SegmentFormat format)
    {
        List<string> misses = [];
        double worst = 0;
        for (int seed = 0; seed < Mixes; seed++)
        {
            SenderScenario mix = Mix(seed);
            SyntheticSender sender = new SyntheticSender(mix).Speak();
            using CaptureRun run = new(new CaptureOptions { Channels = 1, Format = format });
            run.Receive(sender).Stop();
            LaneComparison found = LaneComparison.Of(run.Lane(), sender);
            worst = Math.Max(worst, found.Worst);
            if (found.Worst >= 20 || found.Errors.Length < found.Stretches / 3)
                misses.Add(
                $"{mix}: worst {found.Worst:F1} ms, {found.Errors.Length} of {found.Stretches} recognized, {run.Track().Health}");
        }
        output.WriteLine($"SOAK {format} {Mixes} mixes, worst {worst:F1} ms");
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    private static SenderScenario Mix(int seed)
    {
        Random random = new(seed);
        int[] turns = [.. Enumerable.Range(0, 9).Select(turn => turn % 2 == 0 ? random.Next(300, 15_000) : random.Next(50, 6000))];
        SenderScenario mix = new($"seed {seed}")
        {
            Seed = seed,
            Loss = random.NextDouble() * 0.2,
            Jitter = random.NextDouble() * (random.Next(2) == 0 ? 20 : 200),
            Reorder = random.Next(3) == 0 ? random.NextDouble() * 0.1 : 0,
            PartsPerMillion = random.Next(-500, 501),
            FrameMilliseconds = ((int[])[10, 20, 40, 60])[random.Next(4)],
            FirstSequence = (ushort)random.Next(65_536),
            FirstTimestamp = (uint)random.NextInt64(1L << 32),
            RejoinAtTurn = random.Next(2) == 0 ? 1 + (2 * random.Next(4)) : -1,
            Turns = turns,
        };
        return random.Next(4) == 0 ? mix with { StallAt = random.Next(2000, 20_000), StallLength = random.Next(200, 1000) } : mix;
    }
}
