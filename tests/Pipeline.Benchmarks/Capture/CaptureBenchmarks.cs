using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks.Capture;

/// <summary>
/// One frame of 20 ms through the whole capture against libopus alone on the same packets. The cut of a segment opens and
/// closes files, which costs objects; with cuts only every ten minutes what is left is what a frame allocates: nothing.
/// </summary>
[MemoryDiagnoser]
[Config(typeof(OneProcess))]
public class CaptureBenchmarks : IDisposable
{
    private const int FramesPerIteration = 3000;

    private readonly byte[][] packets = SpeechPackets.Load();
    private readonly short[] pcm = new short[OpusPacket.MaximumSamples * 2];
    private ReferenceDecoder? decoder;
    private CaptureLoad? load;

    [Params(10, 600)]
    public int SegmentSeconds { get; set; }

    [IterationSetup]
    public void Begin()
    {
        decoder ??= new ReferenceDecoder(2);
        load ??= new CaptureLoad(packets, speakers: 1, SegmentSeconds);
    }

    [IterationCleanup]
    public void TakeAway() => load!.TakeAway();

    [Benchmark(Baseline = true, OperationsPerInvoke = FramesPerIteration)]
    public int LibopusAlone()
    {
        int samples = 0;
        for (int i = 0; i < FramesPerIteration; i++) samples = decoder!.Decode(packets[i % packets.Length], pcm);
        return samples;
    }

    [Benchmark(OperationsPerInvoke = FramesPerIteration)]
    public void ReorderPlaceDecodeWrite() => load!.Run(FramesPerIteration);

    private sealed class OneProcess : ManualConfig
    {
        public OneProcess() => AddJob(Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithStrategy(RunStrategy.Throughput)
            .WithWarmupCount(20)
            .WithIterationCount(31)
            .WithInvocationCount(1)
            .WithUnrollFactor(1));
    }

    [GlobalCleanup]
    public void Dispose()
    {
        load?.Dispose();
        decoder?.Dispose();
        (load, decoder) = (null, null);
        GC.SuppressFinalize(this);
    }
}
