using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Tests.Capture;

public sealed class AllocationTests(ITestOutputHelper output)
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
        using CaptureRun run = new(options);
        byte[] packet = [0x08, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]; // SILK, cheap to decode
        Assert.True(OpusPacket.TryGetDuration(packet, out int samples));
        Assert.Equal(960, samples);
        long allocated = 0;
        for (int i = 0; i < Frames; i += 3)
        {
            run.Time.Advance(TimeSpan.FromMilliseconds(60));
            // Every third frame comes before the second, and one in fifty is lost: holding and making up cost nothing either.
            Receive(run, i, packet);
            Receive(run, i + 2, packet);
            if (i % 50 != 0) Receive(run, i + 1, packet);
            int closed = run.Closed.Count;
            long before = GC.GetAllocatedBytesForCurrentThread();
            run.Recording.Tick();
            long after = GC.GetAllocatedBytesForCurrentThread();
            if (i > 600 && run.Closed.Count == closed) allocated += after - before; // opening and closing files may cost
        }
        output.WriteLine($"ALLOCATION {allocated} bytes in {Frames} frames");
        Assert.True(allocated < Frames * 0.01, $"{allocated} bytes in {Frames} frames");
        Assert.True(run.Track().Health.Reordered > Frames / 4);
        Assert.True(run.Track().Health.Lost > Frames / 200);
    }

    private static void Receive(CaptureRun run, int frame, byte[] packet) =>
        run.Receive(CaptureRun.Ada, 1, (ushort)frame, (uint)(frame * 960), packet);
}
