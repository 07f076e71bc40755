using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Opus;

/// <summary>The managed decoder against libopus on speech: fixed-point arithmetic against floating-point, the same sound.</summary>
public sealed class ManagedOpusDecoderTests(ITestOutputHelper output)
{
    private const int Seconds = 60;

    [Theory]
    [InlineData(false, 64_000, 50)] // CELT: 65 dB
    [InlineData(true, 32_000, 50, Traits = ["Category", "Long"])] // hybrid: 60 dB
    [InlineData(true, 14_000, 40)] // SILK: 46 dB; its resampler rounds apart
    public void Minute_of_speech_is_the_sound_of_libopus(bool speech, int bitrate, double leastDecibels)
    {
        short[] spoken = Speech();
        using OpusEncoder encoder = new(bitrate: bitrate, speech: speech);
        using ReferenceDecoder theirs = new(1);
        using ManagedOpusDecoder ours = new(1);
        short[] reference = new short[spoken.Length], heard = new short[spoken.Length], pcm = new short[OpusPacket.MaximumSamples];
        for (int at = 0; at < spoken.Length; at += 960)
        {
            byte[] packet = encoder.Encode(spoken.AsSpan(at, 960)).ToArray();
            Assert.Equal(OpusDecodeResult.Decoded, ours.Decode(packet, pcm, out int samples));
            Assert.Equal(960, samples);
            pcm.AsSpan(0, samples).CopyTo(heard.AsSpan(at));
            Assert.Equal(960, theirs.Decode(packet, pcm));
            pcm.AsSpan(0, 960).CopyTo(reference.AsSpan(at));
        }
        double ratio = Signal.RatioDecibels(reference, heard);
        int greatest = reference.Zip(heard, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"{ratio:F1} dB, greatest difference {greatest} of 32768");
        Assert.True(ratio >= leastDecibels, $"{ratio:F1} dB, greatest difference {greatest}");
    }

    [Fact]
    public void No_native_loader_is_ever_used()
    {
        _ = OpusCodecs.Choose(OpusChoice.Managed).Name;
        Assert.False(Concentus.OpusCodecFactory.AttemptToUseNativeLibrary);
        using ManagedOpusDecoder decoder = new(2);
        Assert.Equal("Concentus", decoder.Implementation.Assembly.GetName().Name);
        Assert.Equal("Concentus.Structs.OpusDecoder", decoder.Implementation.FullName);
    }

    private static short[] Speech()
    {
        List<short> samples = [];
        string[] names = ["ada", "grace", "linus"];
        using LibopusDecoder decoder = new(1);
        short[] pcm = new short[OpusPacket.MaximumSamples];
        for (int turn = 0; samples.Count < Seconds * 48_000; turn++)
        {
            using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", names[turn % 3] + ".opus"));
            OggOpusReader reader = new(file);
            while (reader.TryRead(out OggOpusPacket packet) && samples.Count < Seconds * 48_000)
            {
                decoder.Decode(packet.Opus, pcm, out int count);
                samples.AddRange(pcm.AsSpan(0, count));
            }
        }
        return [.. samples.Take(Seconds * 48_000)];
    }
}
