using CsCheck;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>
/// Positions against a model that knows only what the documents promise: a frame lies where its sender's clock puts it, to the
/// sample; segments join to the sample, part by silence of at least the threshold, or what lies between stands in the gaps; no
/// segment is longer than the greatest length.
/// </summary>
public abstract class PositionPropertyTests(SegmentFormat format) : CaptureSuite(format), IDisposable
{
    private const int Second = 48_000;
    private static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(600);
    private static readonly int[] Sizes = [120, 240, 480, 960, 1920, 2880];

    private readonly OpusEncoder encoder = new();
    private readonly short[] tone = [.. Enumerable.Range(0, 2880).Select(i => (short)(8000 * Math.Sin(2 * Math.PI * 300 * i / Second)))];

    private enum Step
    {
        Talk = 0,
        Lose = 1,
        Pause = 2,
    }

    [Fact]
    public void Frames_of_any_size_lie_where_they_were_said_and_nothing_is_missing_between_them()
    {
        Gen<(Step, int, int)> step = Gen.Select(
            Gen.Frequency((5, Gen.Const(Step.Talk)), (2, Gen.Const(Step.Lose)), (2, Gen.Const(Step.Pause))), Gen.Int[1, 80],
                Gen.Int[0, Sizes.Length - 1]);
        // Places are the same in both formats; to encode and decode takes ten times as long.
        step.Array[3, 25].Sample(steps => Check(steps), iter: IsOpus ? 40 : 150, seed: "0N0XIzNsQ0O2", threads: 1);
    }

    public void Dispose() => encoder.Dispose();

    private void Check((Step Kind, int Count, int Size)[] steps)
    {
        using CaptureRun run = Run(
            new CaptureOptions
            {
                Channels = 1,
                SilenceThreshold = Threshold,
                MaximumSegmentDuration = TimeSpan.FromSeconds(1),
                MinimumSegmentDuration = TimeSpan.Zero
            });
        List<(long Start, long End)> heard = [];
        long media = Second; // the first frame arrives a second after the start
        ushort sequence = 65_500;
        foreach ((Step kind, int count, int size) in steps.Prepend((Step.Talk, 5, 3)))
        {
            int samples = Sizes[size];
            for (int i = 0; i < count; i++, media += samples)
            {
                if (kind == Step.Pause) continue;
                if (kind == Step.Talk)
                {
                    run.AdvanceTo(media / 48.0);
                    run.Receive(CaptureRun.Ada, 1, sequence, (uint)(media + uint.MaxValue - 100_000),
                        encoder.Encode(tone.AsSpan(0, samples)));
                    heard.Add((media, media + samples));
                }
                sequence++;
            }
        }
        run.Stop();
        ClosedSegment[] segments = [.. run.Closed.OrderBy(segment => segment.Key.Index)];
        foreach ((long start, long end) in heard)
            Assert.True(IsStored(segments, start, end), $"[{start}, {end}) is not stored: {Text(segments)}");
        Assert.All(segments, segment => Assert.InRange(segment.SampleCount, 1, Second));
        IReadOnlyList<RecordingGap> gaps = run.Recording.Snapshot.Gaps;
        foreach ((ClosedSegment before, ClosedSegment next) in segments.Zip(segments.Skip(1))) AssertJoined(before, next, heard, gaps);
    }

    private static bool IsStored(ClosedSegment[] segments, long start, long end) =>
        segments.Sum(segment =>
            Math.Max(0, Math.Min(end, segment.StartSample + segment.SampleCount) - Math.Max(start, segment.StartSample))) == end - start;

    private static void AssertJoined(ClosedSegment before, ClosedSegment next, List<(long Start, long End)> heard,
        IReadOnlyList<RecordingGap> gaps)
    {
        long end = before.StartSample + before.SampleCount;
        if (next.StartSample == end) return;
        long lastHeard = heard.Last(frame => frame.End <= next.StartSample).End;
        bool isPause = next.StartSample - lastHeard >= Threshold.TotalSeconds * Second;
        bool isGap = gaps.Any(gap => gap.StartSample <= end && gap.StartSample + gap.SampleCount >= next.StartSample);
        Assert.True(isPause || isGap,
            $"a hole of {next.StartSample - end} samples at {end}, the last frame before it ended at {lastHeard}");
    }

    private static string Text(ClosedSegment[] segments) =>
        string.Join(" ", segments.Select(segment => $"[{segment.StartSample}, {segment.StartSample + segment.SampleCount})"));
}

public sealed class WavPositionPropertyTests() : PositionPropertyTests(SegmentFormat.Wav);

public sealed class OpusPositionPropertyTests() : PositionPropertyTests(SegmentFormat.Opus);
