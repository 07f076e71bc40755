using Pipeline.Audio.Opus;
using Pipeline.Contracts;
using Pipeline.Discord.Rtp;

namespace Pipeline.Benchmarks;

/// <summary>
/// <c>chain [speakers] [seconds] [--opus]</c>: the whole way from a datagram to WAV files in the spool against libopus decoding the same
/// frames and
/// nothing else. Interleaved in slices of 0.6 s of audio, CPU time of the one thread, compared per 10 s so that every figure holds one
/// change of
/// all segments. Goal: at most 1.15 times libopus, 1.20 with end-to-end encryption; 0 B per packet between changes. With <c>--opus</c> also
/// the chain to Opus segments: at most 0.35 times the one to WAV.
/// </summary>
internal static class DatagramChain
{
    private const double RatioGoal = 1.15;
    private const double EndToEndRatioGoal = 1.20;
    private const double OpusRatioGoal = 0.35;
    private const double AllocationGoal = 0.01;
    private const int FramesPerSlice = 30;
    private const int SlicesPerGroup = 17; // 10.2 s
    private const int WarmSlices = 10;

    public static Task<int> RunAsync(string[] args)
    {
        bool withOpus = args.Contains("--opus");
        args = [.. args.Where(arg => arg != "--opus")];
        int speakers = args.Length > 0 ? int.Parse(args[0]) : 25;
        int seconds = args.Length > 1 ? int.Parse(args[1]) : 80;
        int slices = seconds * 50 / FramesPerSlice;
        byte[] secret = [.. Enumerable.Range(0, TransportKey.Length).Select(i => (byte)i)];
        using TransportKey aes = new(TransportKey.AesGcmMode, secret);
        using TransportKey xchacha = new(TransportKey.XChaCha20Mode, secret);
        DatagramSpeech aesSpeech = new(speakers, slices * FramesPerSlice, aes);
        DatagramSpeech xchachaSpeech = new(speakers, slices * FramesPerSlice, xchacha);
        Console.WriteLine(
            $"{speakers} speakers, {slices * FramesPerSlice} frames each, mean {aesSpeech.Frames.Average(frame => frame.Length):F0} B "
            + $"of Opus; {OpusLibrary.Version}");

        using DaveFeed dave = new(DatagramSpeech.Users(speakers).Values);
        DatagramSpeech daveSpeech = new(speakers, slices * FramesPerSlice, aes, dave);

        using DatagramChainStep.Alone alone = new(aesSpeech);
        using DatagramChainStep.Chain aesChain = new(aesSpeech, aes);
        using DatagramChainStep.Chain xchachaChain = new(xchachaSpeech, xchacha);
        using DatagramChainStep.Chain daveChain = new(daveSpeech, aes, dave);
        using DatagramChainStep.Chain? opusChain = withOpus ? new(aesSpeech, aes, format: SegmentFormat.Opus) : null;
        DatagramChainStep[] steps = [alone, aesChain, xchachaChain, daveChain, .. opusChain is null ? [] : new[] { opusChain }];
        for (int slice = 0; slice < slices; slice++)
        {
            for (int turn = 0; turn < steps.Length; turn++)
                steps[(slice + turn) % steps.Length].Run(slice * FramesPerSlice * speakers, FramesPerSlice * speakers);
        }
        bool isMet = Conclude(alone, aesChain, xchachaChain, daveChain);
        if (opusChain is not null) isMet &= ConcludeOpus(opusChain, aesChain);
        return Task.FromResult(isMet ? 0 : 1);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static bool Conclude(DatagramChainStep.Alone alone, DatagramChainStep.Chain aes, DatagramChainStep.Chain xchacha,
        DatagramChainStep.Chain dave)
    {
        double[] limit = Groups(alone);
        double aesRatio = Median(Groups(aes).Zip(limit, (chain, opus) => chain / opus));
        double xchachaRatio = Median(Groups(xchacha).Zip(limit, (chain, opus) => chain / opus));
        double daveRatio = Median(Groups(dave).Zip(limit, (chain, opus) => chain / opus));
        double daveAllocation = Median(dave.BytesPerSlice.Skip(WarmSlices).Select(bytes => bytes / dave.PacketsPerSlice));
        double allocation = Median(aes.BytesPerSlice.Skip(WarmSlices).Select(bytes => bytes / aes.PacketsPerSlice));
        double allocationWithFiles = aes.BytesPerSlice.Skip(WarmSlices).Average() / aes.PacketsPerSlice;
        Console.WriteLine(
            $"per packet, median of {limit.Length}: libopus alone {Median(limit):F2} us, chain AES-256-GCM {Median(Groups(aes)):F2} us, "
            + $"chain XChaCha20 {Median(Groups(xchacha)):F2} us");
        Console.WriteLine($"chain / libopus alone: AES-256-GCM {aesRatio:F3}, XChaCha20 {xchachaRatio:F3} (goal {RatioGoal})");
        Console.WriteLine(
            $"with DAVE inside AES-256-GCM: {Median(Groups(dave)):F2} us, {daveRatio:F3} times libopus (goal {EndToEndRatioGoal}), "
            + $"{daveAllocation:F3} managed bytes per packet, {dave.Lost} packets lost");
        Console.WriteLine(
            $"managed bytes per packet: {allocation:F3} (goal 0), {allocationWithFiles:F2} with the changes of segments in it; "
            + $"{aes.Lost + xchacha.Lost} packets lost");
        return aesRatio <= RatioGoal && xchachaRatio <= RatioGoal && daveRatio <= EndToEndRatioGoal
            && allocation < AllocationGoal && daveAllocation < AllocationGoal && aes.Lost + xchacha.Lost + dave.Lost == 0;
    }

    private static bool ConcludeOpus(DatagramChainStep.Chain opus, DatagramChainStep.Chain wav)
    {
        double ratio = Median(Groups(opus).Zip(Groups(wav), (packets, samples) => packets / samples));
        double allocation = Median(opus.BytesPerSlice.Skip(WarmSlices).Select(bytes => bytes / opus.PacketsPerSlice));
        Console.WriteLine(
            $"to Opus segments: {Median(Groups(opus)):F2} us, {ratio:F3} times the chain to WAV (goal {OpusRatioGoal}), {allocation:F3} "
                + $"managed "
            + $"bytes per packet, {opus.Lost} packets lost");
        return ratio <= OpusRatioGoal && allocation < AllocationGoal && opus.Lost == 0;
    }

    private static double[] Groups(DatagramChainStep step) =>
        [.. step.NanosecondsPerSlice.Skip(WarmSlices).Chunk(SlicesPerGroup).Where(group => group.Length == SlicesPerGroup)
            .Select(group => group.Average() / step.PacketsPerSlice / 1000)];
}
