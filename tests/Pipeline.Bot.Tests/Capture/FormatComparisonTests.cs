using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>One seeded call recorded in both formats: the tracks are as long to the sample, and sound the same.</summary>
public sealed class FormatComparisonTests(ITestOutputHelper output)
{
    private static readonly int[] Conversation = [14_000, 700, 9000, 3500, 5000, 1500, 400, 900, 21_000];

    [Theory]
    [InlineData(0, 20)]
    [InlineData(0, 60)]
    [InlineData(0.05, 20)]
    public void Tracks_of_one_call_are_equal(double loss, double frameMilliseconds)
    {
        SenderScenario sent = new("one call") { Turns = Conversation, Loss = loss, FrameMilliseconds = frameMilliseconds };
        SyntheticSender sender = new SyntheticSender(sent).Speak();
        (short[] wav, (long Start, long Samples)[] wavStretches) = Record(sender, SegmentFormat.Wav);
        (short[] opus, (long Start, long Samples)[] opusStretches) = Record(sender, SegmentFormat.Opus);
        Assert.Equal(wav.Length, opus.Length);
        Assert.Equal(wavStretches, opusStretches);
        double[] found = [.. Spurts(wav).Select(spurt => BestCorrelation(wav, opus, spurt))];
        Assert.True(found.Length >= 5, $"{found.Length} spurts");
        double worst = found.Min();
        output.WriteLine(
            $"FORMATS loss {loss:P0}, frames of {frameMilliseconds} ms: worst correlation of {found.Length} spurts {worst:F5}");
        Assert.True(worst > (loss == 0 ? 0.999 : 0.95), $"{worst:F5}");
    }

    // Stretches without a hole, however they are cut into files.
    private static (short[] Lane, (long Start, long Samples)[] Stretches) Record(SyntheticSender sender, SegmentFormat format)
    {
        using CaptureRun run = new(new CaptureOptions { Channels = 1, Format = format });
        run.Receive(sender).Stop();
        List<(long Start, long Samples)> stretches = [];
        foreach (ClosedSegment segment in run.Closed.OrderBy(segment => segment.StartSample))
        {
            if (stretches.Count > 0 && stretches[^1].Start + stretches[^1].Samples == segment.StartSample)
                stretches[^1] = stretches[^1] with { Samples = stretches[^1].Samples + segment.SampleCount };
            else stretches.Add((segment.StartSample, segment.SampleCount));
        }
        return (run.Lane(), [.. stretches]);
    }

    // Talk between silences of 100 ms.
    private static List<(int Start, int End)> Spurts(short[] lane)
    {
        List<(int Start, int End)> spurts = [];
        int start = -1, silent = 0;
        for (int i = 0; i < lane.Length; i++)
        {
            silent = lane[i] == 0 ? silent + 1 : 0;
            if (lane[i] != 0 && start < 0) start = i;
            if (start < 0 || (silent < 4800 && i < lane.Length - 1)) continue;
            spurts.Add((start, i + 1 - silent));
            start = -1;
        }
        return spurts;
    }

    // Behind a pause within a file a packet may lie up to 2.5 ms before its place.
    private static double BestCorrelation(short[] wav, short[] opus, (int Start, int End) spurt)
    {
        int length = Math.Min(spurt.End - spurt.Start, 48_000);
        int best = Enumerable.Range(0, 121).MaxBy(lag => Correlation(wav, opus, spurt.Start, spurt.Start + length, lag));
        return Correlation(wav, opus, spurt.Start, spurt.End, best);
    }

    private static double Correlation(short[] a, short[] b, int from, int to, int lag)
    {
        double dot = 0, left = 0, right = 0;
        for (int i = Math.Max(from, lag); i < to; i++)
        {
            dot += (double)a[i] * b[i - lag];
            left += (double)a[i] * a[i];
            right += (double)b[i - lag] * b[i - lag];
        }
        return dot / Math.Sqrt(left * right);
    }
}
