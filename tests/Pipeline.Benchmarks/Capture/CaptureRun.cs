using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks.Capture;

/// <summary>
/// The figures of the capture code in one run: cost against libopus alone in interleaved rounds (so that a busy machine
/// hurts both alike), managed bytes per frame, memory per speaker. Fails when one of them misses its goal.
/// <c>--managed</c> measures the managed decoder in the same way; it has no goals.
/// </summary>
internal static class CaptureRun
{
    private const int Rounds = 31;
    private const int FramesPerRound = 999;
    private const double GreatestRatio = 1.10;
    private const double GreatestBytesPerFrame = 0.01;
    private const int GreatestKilobytesPerSpeaker = 128;

    public static Task<int> RunAsync(string[] arguments)
    {
        byte[][] packets = SpeechPackets.Load();
        if (arguments is ["--managed"]) return Task.FromResult(MeasureManaged(packets));
        double ratio = MeasureRatio(packets, OpusChoice.Libopus);
        double bytesPerFrame = MeasureAllocation(packets, OpusChoice.Libopus);
        double kilobytes = MeasureMemory(packets);
        bool met = ratio <= GreatestRatio && bytesPerFrame < GreatestBytesPerFrame && kilobytes <= GreatestKilobytesPerSpeaker;
        Console.WriteLine($"capture / libopus alone: {ratio:F3} (goal {GreatestRatio:F2})");
        Console.WriteLine($"managed bytes per frame: {bytesPerFrame:F4} between segments (goal 0)");
        Console.WriteLine($"memory per speaker: {kilobytes:F0} KB (goal {GreatestKilobytesPerSpeaker})");
        return Task.FromResult(met ? 0 : 1);
    }

    private static int MeasureManaged(byte[][] packets)
    {
        double native = MeasureRatio(packets, OpusChoice.Libopus), managed = MeasureRatio(packets, OpusChoice.Managed);
        Console.WriteLine(
            $"capture / libopus alone: {native:F3} with libopus, {managed:F3} with {OpusCodecs.Choose(OpusChoice.Managed).Name}");
        Console.WriteLine(
            $"managed / libopus: {managed / native:F2} times the processor time, "
            + $"{MeasureAllocation(packets, OpusChoice.Managed) / 1024:F1} KB allocated per frame");
        return 0;
    }

    private static double MeasureRatio(byte[][] packets, OpusChoice opus)
    {
        using ReferenceDecoder decoder = new(2);
        using CaptureLoad load = new(packets, speakers: 1, opus: opus);
        short[] pcm = new short[OpusPacket.MaximumSamples * 2];
        double[] alone = new double[Rounds], capture = new double[Rounds];
        load.Run(20 * FramesPerRound); // the compiler has done its work by then
        for (int round = 0; round < Rounds; round++)
        {
            int first = round * FramesPerRound;
            alone[round] = Time(() =>
            {
                for (int i = 0; i < FramesPerRound; i++) decoder.Decode(packets[(first + i) % packets.Length], pcm);
            });
            capture[round] = Time(() => load.Run(FramesPerRound));
            load.TakeAway();
        }
        Console.WriteLine(
            $"processor time per frame: libopus {Median(alone):F2} us, capture {Median(capture):F2} us, medians of {Rounds} rounds of "
            + $"{FramesPerRound} frames");
        return Median([.. capture.Zip(alone, (a, b) => a / b)]);
    }

    // Segments are files and have names; what counts is what a frame costs: 400 frames lie between two cuts.
    private static double MeasureAllocation(byte[][] packets, OpusChoice opus)
    {
        const int frames = 300;
        using CaptureLoad load = new(packets, speakers: 25, opus: opus);
        load.Run(600);
        long least = long.MaxValue;
        for (int i = 0; i < 8; i++)
        {
            load.TakeAway();
            long before = GC.GetAllocatedBytesForCurrentThread();
            load.Run(frames);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (load.TakeAway() == 0) least = Math.Min(least, allocated);
        }
        return (double)least / (frames * 25);
    }

    private static double MeasureMemory(byte[][] packets)
    {
        const int few = 4, many = 104;
        double managedFew = ManagedBytes(packets, few), managedMany = ManagedBytes(packets, many);
        return (((managedMany - managedFew) / (many - few)) + OpusLibrary.DecoderSize(2)) / 1024;
    }

    private static double ManagedBytes(byte[][] packets, int speakers)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using CaptureLoad load = new(packets, speakers);
        load.Run(60);
        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }

    // Processor time of this process, kernel included: waiting for other processes does not count.
    private static double Time(Action work)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / FramesPerRound;
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted[sorted.Length / 2];
    }
}
