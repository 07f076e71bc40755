using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Pipeline.Audio.Opus;

namespace Pipeline.Benchmarks.Capture;

/// <summary>One frame of 20 ms through the whole capture against libopus alone on the same packets.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Throughput, warmupCount: 3, iterationCount: 15, invocationCount: 1)]
public class CaptureBenchmarks : IDisposable
{
    private const int FramesPerIteration = 6000;

    private readonly byte[][] packets = SpeechPackets.Load();
    private readonly short[] pcm = new short[OpusPacket.MaximumSamples * 2];
    private OpusDecoder? decoder;
    private CaptureLoad? load;

    [IterationSetup]
    public void Begin()
    {
        decoder ??= new OpusDecoder(2);
        load ??= new CaptureLoad(packets, speakers: 1);
    }

    [IterationCleanup]
    public void TakeAway() => load!.TakeAway();

    [Benchmark(Baseline = true, OperationsPerInvoke = FramesPerIteration)]
    public int LibopusAlone()
    {
        int samples = 0;
        for (int i = 0; i < FramesPerIteration; i++) decoder!.Decode(packets[i % packets.Length], pcm, out samples);
        return samples;
    }

    [Benchmark(OperationsPerInvoke = FramesPerIteration)]
    public void ReorderPlaceDecodeWrite() => load!.Run(FramesPerIteration);

    [GlobalCleanup]
    public void Dispose()
    {
        load?.Dispose();
        decoder?.Dispose();
        (load, decoder) = (null, null);
        GC.SuppressFinalize(this);
    }
}
