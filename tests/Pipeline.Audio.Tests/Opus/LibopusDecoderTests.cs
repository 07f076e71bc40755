using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Opus;

/// <summary>
/// Our decoder takes libopus' float samples and finishes them itself: it must give what opus_decode gives, sample for sample.
/// </summary>
public sealed class LibopusDecoderTests
{
    [Fact]
    public void Library_says_its_version_and_size()
    {
        Assert.True(OpusLibrary.IsInstalled);
        Assert.StartsWith("libopus", OpusLibrary.Version, StringComparison.Ordinal);
        Assert.InRange(OpusLibrary.DecoderSize(2), 10_000, 60_000);
    }

    [Fact]
    public void Missing_library_names_the_remedy()
    {
        OpusLibraryMissingException missing = new(["libopus.so.0"]);
        Assert.Contains("apt-get install libopus0", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hot_path_allocates_nothing()
    {
        using OpusEncoder encoder = new(2);
        using IOpusDecoder decoder = OpusCodecs.Choose(OpusChoice.Libopus).CreateDecoder(2);
        byte[] packet = encoder.Encode(Loud(0, 960, 2, 3_000)).ToArray();
        short[] pcm = new short[OpusPacket.MaximumSamples * 2];
        for (int i = 0; i < 100; i++) decoder.Decode(packet, pcm, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            decoder.Decode(packet, pcm, out _);
            decoder.Recover(packet, pcm, 960);
            decoder.Conceal(pcm, 960);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(1, 960, 3_000)]
    [InlineData(2, 960, 12_000)]
    [InlineData(2, 960, 32_767)] // clips: the soft curve runs over the borders of frames
    [InlineData(1, 480, 32_767)]
    [InlineData(2, 120, 32_767)]
    [InlineData(2, 2880, 32_767)]
    public void Same_samples_as_opus_decode(int channels, int frame, int amplitude)
    {
        using OpusEncoder encoder = new(channels, bitrate: 24_000);
        using LibopusDecoder ours = new(channels);
        using ReferenceDecoder theirs = new(channels);
        short[] mine = new short[OpusPacket.MaximumSamples * channels], reference = new short[OpusPacket.MaximumSamples * channels];
        int atTheLimit = 0;
        for (int i = 0; i < 48_000 * 4 / frame; i++)
        {
            byte[] packet = encoder.Encode(Loud(i * frame, frame, channels, amplitude)).ToArray();
            Assert.Equal(OpusDecodeResult.Decoded, ours.Decode(packet, mine, out int samples));
            Assert.Equal(theirs.Decode(packet, reference), samples);
            Assert.True(mine.AsSpan(0, samples * channels).SequenceEqual(reference.AsSpan(0, samples * channels)), $"packet {i} differs");
            foreach (short value in mine.AsSpan(0, samples * channels)) atTheLimit += Math.Abs((int)value) >= 32_700 ? 1 : 0;
        }
        if (amplitude == 32_767) Assert.NotEqual(0, atTheLimit);
    }

    [Fact]
    public void Same_samples_through_losses_redundancy_and_rubbish()
    {
        using OpusEncoder encoder = new(2, bitrate: 32_000, speech: true, expectedLossPercent: 20);
        using LibopusDecoder ours = new(2);
        using ReferenceDecoder theirs = new(2);
        short[] mine = new short[OpusPacket.MaximumSamples * 2], reference = new short[OpusPacket.MaximumSamples * 2];
        Random random = new(5);
        byte[] rubbish = new byte[60];
        for (int i = 0; i < 400; i++)
        {
            byte[] packet = encoder.Encode(Loud(i * 960, 960, 2, 32_767)).ToArray();
            int made = 960;
            switch (random.Next(5))
            {
                case 0:
                    ours.Conceal(mine, 960);
                    theirs.Decode([], reference, 960);
                    break;
                case 1:
                    ours.Recover(packet, mine, 960);
                    theirs.Decode(packet, reference, 960, decodeFec: true);
                    break;
                case 2:
                    random.NextBytes(rubbish);
                    rubbish[0] &= 0xFC; // one frame, whatever the mode: libopus takes any bytes for it
                    ours.Decode(rubbish, mine, out made);
                    Assert.Equal(theirs.Decode(rubbish, reference), made);
                    break;
                default:
                    ours.Decode(packet, mine, out made);
                    theirs.Decode(packet, reference);
                    break;
            }
            Assert.True(mine.AsSpan(0, made * 2).SequenceEqual(reference.AsSpan(0, made * 2)), $"step {i} differs");
        }
    }

    // Squares and noise at full scale leave the range after coding.
    private static short[] Loud(int start, int samples, int channels, int amplitude)
    {
        short[] pcm = new short[samples * channels];
        for (int i = 0; i < samples; i++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                int period = 100 + (37 * channel) + ((start + i) / 24_000 * 31);
                pcm[(i * channels) + channel] = (short)((start + i) % period < period / 2 ? amplitude : -amplitude);
            }
        }
        return pcm;
    }
}
