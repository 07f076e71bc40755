using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>Windows joined to a file, read by our reader and by opusdec and ffmpeg.</summary>
public sealed class OggOpusWindowTests(ITestOutputHelper output) : IDisposable
{
    private const int Window = 5 * 48_000;
    private const uint Serial = 77;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static MatrixTheoryData<OpusChoice, int, int> Lengths =>
        new([OpusChoice.Libopus, OpusChoice.Managed], [1, 2], [1, 48_000, Window - 200, Window, Window + 1, (2 * Window) + 12_345]);

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Length_is_exact_to_the_sample(OpusChoice choice, int channels, int samples)
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        short[] pcm = channels == 1 ? SpokenPcm.Mono(samples) : SpokenPcm.Stereo(samples);
        string file = Save(Encode(pcm, channels, samples, Window, choice));
        Assert.Equal(samples * channels, Decode(file).Length);
        Assert.Equal(samples, ReadAll(file));
    }

    [Fact]
    public void Seams_are_no_worse_than_one_run()
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        const int samples = 8 * Window;
        short[] pcm = SpokenPcm.Mono(samples);
        short[] windows = Decode(Save(Encode(pcm, 1, samples, Window))), whole = Decode(Save(Encode(pcm, 1, samples, samples)));
        double worst = double.MaxValue;
        for (int seam = Window; seam < samples; seam += Window)
        {
            int from = seam - 2400, length = 4800; // 50 ms on both sides
            double apart = Signal.RatioDecibels(pcm.AsSpan(from, length), windows.AsSpan(from, length));
            double together = Signal.RatioDecibels(pcm.AsSpan(from, length), whole.AsSpan(from, length));
            if (double.IsFinite(together)) worst = Math.Min(worst, apart - together);
        }
        output.WriteLine($"worst seam {worst:F2} dB from one run");
        Assert.True(worst > -1, $"{worst:F2} dB");
    }

    [Fact]
    public void Silence_is_packets_of_silence_and_stays_silent()
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        const int samples = 4 * Window;
        short[] pcm = new short[samples];
        SpokenPcm.Mono(48_000).CopyTo(pcm, 1000);
        SpokenPcm.Mono(48_000).CopyTo(pcm, samples - 60_000);
        byte[] bytes = Encode(pcm, 1, samples, Window);
        short[] heard = Decode(Save(bytes));
        Assert.Equal(samples, heard.Length);
        Assert.True(bytes.Length < 40_000, $"{bytes.Length} bytes for two seconds of speech");
        int loudest = heard.AsSpan(100_000, samples - 200_000).ToArray().Max(value => Math.Abs((int)value));
        Assert.True(loudest <= 2, $"{loudest} in silence");
        // The encoder stood still meanwhile; what comes after must sound like what came before.
        double first = Signal.RatioDecibels(pcm.AsSpan(1000, 48_000), heard.AsSpan(1000, 48_000));
        double second = Signal.RatioDecibels(pcm.AsSpan(samples - 60_000, 48_000), heard.AsSpan(samples - 60_000, 48_000));
        Assert.True(second > first - 1, $"{first:F1} dB before the silence, {second:F1} dB behind it");
    }

    [Fact]
    public void Tags_are_read_by_others()
    {
        ExternalTool.SkipUnlessInstalled("ffprobe");
        Assert.Contains("Grace Ω",
            ExternalTool.Run("ffprobe", "-v", "error", "-show_streams", Save(Encode(SpokenPcm.Mono(9600), 1, 9600, Window))),
            StringComparison.Ordinal);
    }

    private static byte[] Encode(short[] pcm, int channels, int samples, int window, OpusChoice choice = OpusChoice.Libopus)
    {
        OpusCodecs codecs = OpusCodecs.Choose(choice);
        IOpusEncoder Create() =>
            codecs.CreateEncoder(new OpusEncoderOptions { Channels = channels, Bitrate = 64_000 * channels, Complexity = 5 });
        ArrayBufferWriter<byte> file = new();
        using (IOpusEncoder first = Create()) file.Write(
            OggOpusWindow.WriteHeader(Serial, channels, first.LookAhead, [new("TITLE", "Grace Ω")]));
        for (int start = 0; start < samples; start += window)
        {
            int preRoll = start == 0 ? 0 : OggOpusWindow.PreRollSamples, end = Math.Min(samples, start + window);
            OggOpusWindow.Write(Create, pcm.AsSpan((start - preRoll) * channels, (end - start + preRoll) * channels), preRoll, start,
                end == samples ? samples : null, Serial, file);
        }
        return file.WrittenSpan.ToArray();
    }

    private static long ReadAll(string file)
    {
        using FileStream stream = File.OpenRead(file);
        OggOpusReader reader = new(stream);
        long samples = -reader.Head.PreSkip;
        while (reader.TryRead(out OggOpusPacket packet)) samples += packet.Samples - packet.EndTrim;
        return samples;
    }

    private string Save(byte[] bytes)
    {
        string file = folder.Combine("sound.opus");
        File.WriteAllBytes(file, bytes);
        return file;
    }

    private short[] Decode(string file)
    {
        string raw = folder.Combine("decoded");
        ExternalTool.Run("ffmpeg", "-v", "error", "-y", "-i", file, "-f", "s16le", raw);
        return MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(raw)).ToArray();
    }
}
