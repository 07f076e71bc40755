using Microsoft.Extensions.Time.Testing;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Voice;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks;

/// <summary>
/// <c>chain [speakers] [seconds] [rounds]</c>: the whole way from a datagram to WAV files in the spool against libopus decoding the same
/// frames and nothing else, interleaved, CPU time of the one thread. Goal: at most 1.15 times, 0 B per packet.
/// </summary>
internal static class DatagramChain
{
    private const double Goal = 1.15;
    private const int FramesPerTick = 3;

    public static Task<int> RunAsync(string[] args)
    {
        int speakers = args.Length > 0 ? int.Parse(args[0]) : 25;
        int frames = 50 * (args.Length > 1 ? int.Parse(args[1]) : 24);
        int rounds = args.Length > 2 ? int.Parse(args[2]) : 7;
        byte[] secret = [.. Enumerable.Range(0, TransportKey.Length).Select(i => (byte)i)];
        using TransportKey aes = new(TransportKey.AesGcmMode, secret);
        using TransportKey xchacha = new(TransportKey.XChaCha20Mode, secret);
        DatagramSpeech aesSpeech = new(speakers, frames, aes);
        DatagramSpeech xchachaSpeech = new(speakers, frames, xchacha);
        Console.WriteLine($"{speakers} speakers, {frames} frames each, mean {aesSpeech.Frames.Average(frame => frame.Length):F0} B of Opus; {OpusLibrary.Version}");

        List<double> alone = [], path = [], aesRatio = [], xchachaRatio = [];
        double allocated = 0;
        for (int round = -1; round < rounds; round++)
        {
            double opus = Decode(aesSpeech);
            double receive = Receive(aesSpeech, aes);
            (double aesCost, allocated) = Record(aesSpeech, aes);
            (double xchachaCost, _) = Record(xchachaSpeech, xchacha);
            if (round < 0) continue; // Warm-up.
            alone.Add(opus);
            path.Add(receive);
            aesRatio.Add(aesCost / opus);
            xchachaRatio.Add(xchachaCost / opus);
            Console.WriteLine($"round {round}: libopus {opus:F2} us, datagram to frame {receive:F2} us, chain AES-256-GCM {aesCost:F2} us, chain XChaCha20 {xchachaCost:F2} us per packet; {allocated:F3} B per packet");
        }
        Console.WriteLine($"median: libopus alone {Median(alone):F2} us, datagram to frame {Median(path):F2} us; chain / libopus: AES-256-GCM {Median(aesRatio):F3}, XChaCha20 {Median(xchachaRatio):F3} (goal {Goal})");
        return Task.FromResult(Median(aesRatio) <= Goal ? 0 : 1);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static double Decode(DatagramSpeech speech)
    {
        OpusDecoder[] decoders = [.. Enumerable.Range(0, speech.Speakers).Select(_ => new OpusDecoder(channels: 2))];
        short[] pcm = new short[OpusPacket.MaximumSamples * 2];
        long before = DatagramClock.ThreadNanoseconds();
        for (int i = 0; i < speech.Frames.Length; i++) decoders[i % speech.Speakers].Decode(speech.Frames[i], pcm, out _);
        double nanoseconds = DatagramClock.ThreadNanoseconds() - before;
        foreach (OpusDecoder decoder in decoders) decoder.Dispose();
        return nanoseconds / 1000 / speech.Frames.Length;
    }

    private static double Receive(DatagramSpeech speech, TransportKey transportKey)
    {
        AudioFrameRing ring = new();
        using MediaPath path = new(ring, TimeProvider.System);
        path.Apply(new MediaSnapshot(1, transportKey, DatagramSpeech.Users(speech.Speakers)));
        long before = DatagramClock.ThreadNanoseconds();
        for (int i = 0; i < speech.Datagrams.Length; i++)
        {
            path.Receive(speech.Datagrams[i], i);
            while (ring.TryRead(out _)) ring.Release();
        }
        return (DatagramClock.ThreadNanoseconds() - before) / 1000.0 / speech.Datagrams.Length;
    }

    // The first two seconds open tracks, decoders and files; the figures begin after them and contain every later change of segments.
    private static (double Microseconds, double Bytes) Record(DatagramSpeech speech, TransportKey transportKey)
    {
        FakeTimeProvider time = new();
        using TempFolder folder = new();
        using Recording recording = DatagramRecording.Start(folder.Path, time);
        using MediaPath path = new(recording.Frames, time);
        path.Apply(new MediaSnapshot(1, transportKey, DatagramSpeech.Users(speech.Speakers)));
        int warm = 100 * speech.Speakers;
        long nanoseconds = 0, bytes = 0;
        for (int i = 0; i < speech.Datagrams.Length; i++)
        {
            if (i == warm) (nanoseconds, bytes) = (DatagramClock.ThreadNanoseconds(), GC.GetAllocatedBytesForCurrentThread());
            path.Receive(speech.Datagrams[i], time.GetTimestamp());
            if ((i + 1) % speech.Speakers != 0) continue;
            time.Advance(TimeSpan.FromMilliseconds(20));
            if ((i + 1) / speech.Speakers % FramesPerTick == 0) recording.Tick();
        }
        recording.Tick();
        double packets = speech.Datagrams.Length - warm;
        nanoseconds = DatagramClock.ThreadNanoseconds() - nanoseconds;
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        long refused = path.Health(0).Drops.Values.Sum() + recording.Frames.Dropped;
        if (refused > 0) throw new InvalidOperationException($"{refused} packets did not get through");
        return (nanoseconds / 1000 / packets, bytes / packets);
    }
}
