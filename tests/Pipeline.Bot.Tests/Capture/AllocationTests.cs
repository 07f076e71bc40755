using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

public abstract class AllocationTests(SegmentFormat format, ITestOutputHelper output) : CaptureSuite(format)
{
    private const int Frames = 50_000;

    [Fact]
    public void Frame_in_the_steady_state_allocates_nothing()
    {
        CaptureOptions options = new()
        {
            Channels = 1,
            MaximumSegmentDuration = TimeSpan.FromMinutes(10),
            ReorderWindow = TimeSpan.FromMilliseconds(60)
        };
        using CaptureRun run = Run(options);
        byte[] packet = [0x08, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]; // SILK, cheap to decode
        Assert.True(OpusPacket.TryGetDuration(packet, out int samples));
        Assert.Equal(960, samples);
        (long allocated, int ticks) = (0, 0);
        for (int i = 0; i < Frames; i += 3)
        {
            run.Time.Advance(TimeSpan.FromMilliseconds(60));
            // Every third frame comes before the second, and one in fifty is lost: holding and making up cost nothing either.
            Receive(run, i, packet);
            Receive(run, i + 2, packet);
            if (i % 50 != 0) Receive(run, i + 1, packet);
            (int closed, int opened) = (run.Closed.Count, NextFreeIndex(run));
            long before = GC.GetAllocatedBytesForCurrentThread();
            run.Recording.Tick();
            long after = GC.GetAllocatedBytesForCurrentThread();
            bool isSteady = i > 600 && run.Closed.Count == closed && NextFreeIndex(run) == opened; // opening and closing files may cost
            if (!isSteady || after == before) continue;
            allocated += after - before;
            ticks++;
        }
        output.WriteLine($"ALLOCATION {allocated} bytes in {ticks} ticks of {Frames / 3}");
        // The runtime's own tables grow now and then, on whichever thread meets a type first: some tests run beside this one.
        Assert.True(ticks < 20, $"{allocated} bytes in {ticks} ticks of {Frames / 3}");
        Assert.True(run.Track().Health.Reordered > Frames / 4);
        Assert.True(run.Track().Health.Lost > Frames / 200);
    }

    private static int NextFreeIndex(CaptureRun run) => run.Recording.Snapshot.Tracks.Sum(track => track.NextFreeIndex);

    private static void Receive(CaptureRun run, int frame, byte[] packet) =>
        run.Receive(CaptureRun.Ada, 1, (ushort)frame, (uint)(frame * 960), packet);
}

public sealed class WavAllocationTests(ITestOutputHelper output) : AllocationTests(SegmentFormat.Wav, output);

public sealed class OpusAllocationTests(ITestOutputHelper output) : AllocationTests(SegmentFormat.Opus, output);
