using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Opus;

public sealed class OpusDecoderTests
{
    private const int Frame = 960;

    [Fact]
    public void Library_says_its_version_and_size()
    {
        Assert.StartsWith("libopus", OpusLibrary.Version, StringComparison.Ordinal);
        Assert.InRange(OpusLibrary.DecoderSize(2), 10_000, 60_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Tone_comes_back_with_its_strength(int channels)
    {
        using OpusEncoder encoder = new(channels);
        using OpusDecoder decoder = new(channels);
        short[] pcm = new short[OpusPacket.MaximumSamples * channels];
        double energy = 0;
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode(encoder.Encode(Tone(i, channels)), pcm, out int samples));
            Assert.Equal(Frame, samples);
            if (i >= 5) energy += Energy(pcm.AsSpan(0, samples * channels)) / 15;
        }
        Assert.InRange(energy, 0.9 * 8000 * 8000 / 2, 1.1 * 8000 * 8000 / 2);
    }

    [Fact]
    public void Stereo_packets_are_mixed_by_a_mono_decoder()
    {
        using OpusEncoder encoder = new(2);
        using OpusDecoder decoder = new(1);
        Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode(encoder.Encode(Tone(0, 2)), new short[OpusPacket.MaximumSamples], out int samples));
        Assert.Equal(Frame, samples);
    }

    [Fact]
    public void Corrupt_packets_are_a_result_and_harm_nothing()
    {
        using OpusDecoder decoder = new(2);
        short[] pcm = new short[OpusPacket.MaximumSamples * 2];
        Assert.Equal(OpusDecodeResult.Corrupt, decoder.Decode([], pcm, out _));
        Assert.Equal(OpusDecodeResult.Corrupt, decoder.Decode([0xF9, 1], pcm, out _)); // two equal frames in one byte
        Assert.Equal(OpusDecodeResult.Corrupt, decoder.Decode([0xFB, 0], pcm, out _));
        Random random = new(11);
        byte[] noise = new byte[200];
        for (int i = 0; i < 2000; i++)
        {
            random.NextBytes(noise);
            OpusDecodeResult result = decoder.Decode(noise.AsSpan(0, random.Next(0, noise.Length)), pcm, out int samples);
            Assert.True(result == OpusDecodeResult.Decoded ? samples > 0 : samples == 0);
        }
    }

    [Fact]
    public void Packet_longer_than_the_destination_is_refused()
    {
        using OpusEncoder encoder = new();
        using OpusDecoder decoder = new(1);
        Assert.Equal(OpusDecodeResult.TooLong, decoder.Decode(encoder.Encode(new short[2880]), new short[960], out _));
    }

    [Fact]
    public void Concealment_goes_on_like_what_was_heard()
    {
        using OpusEncoder encoder = new();
        using OpusDecoder decoder = new(1);
        short[] pcm = new short[OpusPacket.MaximumSamples];
        for (int i = 0; i < 10; i++) decoder.Decode(encoder.Encode(Tone(i, 1)), pcm, out _);
        decoder.Conceal(pcm.AsSpan(0, Frame), Frame);
        Assert.True(Energy(pcm.AsSpan(0, Frame)) > 0.2 * 8000 * 8000 / 2);
    }

    [Fact]
    public void Redundancy_in_the_next_packet_beats_concealment()
    {
        short[][] spoken = [.. Enumerable.Range(0, 40).Select(Chirp)];
        using OpusEncoder encoder = new(bitrate: 32_000, speech: true, expectedLossPercent: 30);
        byte[][] packets = [.. spoken.Select(frame => encoder.Encode(frame).ToArray())];
        Assert.True(Distance(packets, recover: true) < 0.5 * Distance(packets, recover: false));
    }

    [Fact]
    public void Reset_makes_the_decoder_a_new_one()
    {
        using OpusEncoder encoder = new();
        byte[] packet = encoder.Encode(Tone(0, 1)).ToArray();
        using OpusDecoder used = new(1), fresh = new(1);
        short[] first = new short[OpusPacket.MaximumSamples], second = new short[OpusPacket.MaximumSamples];
        for (int i = 0; i < 5; i++) used.Decode(encoder.Encode(Tone(i, 1)), first, out _);
        used.Reset();
        used.Decode(packet, first, out _);
        fresh.Decode(packet, second, out _);
        Assert.Equal(second.AsSpan(0, Frame), first.AsSpan(0, Frame));
    }

    [Fact]
    public void Wrong_lengths_are_our_bugs()
    {
        using OpusDecoder decoder = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => new OpusDecoder(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Conceal(new short[2000], 961));
        Assert.Throws<ArgumentException>(() => decoder.Conceal(new short[100], 960));
    }

    [Fact]
    public void Missing_library_names_the_remedy()
    {
        OpusLibraryMissingException missing = new(["libopus.so.0"]);
        Assert.Contains("apt-get install libopus0", missing.Message, StringComparison.Ordinal);
    }

    /// <summary>Mean square distance of the frames after a lost one (every sixth) from a decoder that lost nothing.</summary>
    private static double Distance(byte[][] packets, bool recover)
    {
        using OpusDecoder lossy = new(1), whole = new(1);
        short[] heard = new short[OpusPacket.MaximumSamples], truth = new short[OpusPacket.MaximumSamples];
        double distance = 0;
        for (int i = 0; i < packets.Length; i++)
        {
            whole.Decode(packets[i], truth, out _);
            bool lost = i % 6 == 5 && i + 1 < packets.Length;
            if (!lost) lossy.Decode(packets[i], heard, out _);
            else if (recover) Assert.Equal(OpusDecodeResult.Decoded, lossy.Recover(packets[i + 1], heard, Frame));
            else lossy.Conceal(heard, Frame);
            if (lost) distance += Enumerable.Range(0, Frame).Sum(n => Math.Pow(heard[n] - truth[n], 2));
        }
        return distance;
    }

    private static short[] Tone(int frame, int channels)
    {
        short[] pcm = new short[Frame * channels];
        for (int i = 0; i < pcm.Length; i++) pcm[i] = (short)(8000 * Math.Sin(2 * Math.PI * 440 * ((frame * Frame) + (i / channels)) / 48_000));
        return pcm;
    }

    // A voice-like buzz whose pitch moves, so that the past does not tell the future.
    private static short[] Chirp(int frame)
    {
        short[] pcm = new short[Frame];
        for (int i = 0; i < Frame; i++)
        {
            double t = ((frame * Frame) + i) / 48_000.0;
            double phase = 2 * Math.PI * ((120 * t) + (25 * Math.Sin(9 * t)));
            pcm[i] = (short)(3000 * (Math.Sin(phase) + Math.Sin(2 * phase) + Math.Sin(5 * phase)));
        }
        return pcm;
    }

    private static double Energy(ReadOnlySpan<short> pcm)
    {
        double sum = 0;
        foreach (short value in pcm) sum += (double)value * value;
        return sum / pcm.Length;
    }
}
