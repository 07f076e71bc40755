using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Opus;

/// <summary>libopus by our border.</summary>
public sealed class LibopusCodecTests() : OpusCodecSuite(OpusChoice.Libopus);

/// <summary>Concentus by our border.</summary>
public sealed class ManagedOpusCodecTests() : OpusCodecSuite(OpusChoice.Managed);

/// <summary>What every implementation of Opus must do alike.</summary>
public abstract class OpusCodecSuite(OpusChoice choice)
{
    private const int Frame = 960;

    public static MatrixTheoryData<int, int, int> Kinds => new([120, 240, 480, 960, 1920, 2880], [1, 2], [12_000, 32_000, 64_000]);

    private readonly OpusCodecs codecs = OpusCodecs.Choose(choice);

    [Fact]
    public void Choice_is_what_was_asked_for()
    {
        Assert.Equal(choice == OpusChoice.Managed, codecs.IsManaged);
        Assert.StartsWith(codecs.IsManaged ? "Concentus 2." : "libopus 1.", codecs.Name, StringComparison.Ordinal);
    }

    // Speech: SILK at 12 kbit/s, hybrid at 32; else CELT (RFC 6716 §3.1).
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_frame_size_and_mode_has_its_length_and_strength(int samples, int channels, int bitrate)
    {
        using OpusEncoder sender = new(channels, bitrate * channels, speech: bitrate < 64_000);
        using IOpusDecoder decoder = codecs.CreateDecoder(channels);
        short[] pcm = new short[OpusPacket.MaximumSamples * channels];
        double energy = 0;
        int frames = 48_000 / samples;
        for (int i = 0; i < frames; i++)
        {
            Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode(sender.Encode(Tone(i, channels, samples)), pcm, out int made));
            Assert.Equal(samples, made);
            if (i >= frames / 2) energy += Energy(pcm.AsSpan(0, made * channels)) / (frames - (frames / 2));
        }
        Assert.InRange(energy, 0.7 * 8000 * 8000 / 2, 1.3 * 8000 * 8000 / 2);
    }

    [Theory]
    [InlineData(1, 120)]
    [InlineData(2, 480)]
    [InlineData(1, 960)]
    [InlineData(2, 960)]
    [InlineData(2, 2880)]
    public void What_it_encodes_any_decoder_hears(int channels, int samples)
    {
        using IOpusEncoder encoder = codecs.CreateEncoder(
            new OpusEncoderOptions { Channels = channels, Bitrate = 64_000 * channels, Complexity = 5 });
        using ReferenceDecoder decoder = new(channels);
        Assert.InRange(encoder.LookAhead, 120, 480);
        short[] heard = new short[48_000 * channels], pcm = new short[OpusPacket.MaximumSamples * channels];
        for (int i = 0; i < 48_000 / samples; i++)
        {
            ReadOnlySpan<byte> packet = encoder.Encode(Tone(i, channels, samples));
            Assert.Equal(samples, decoder.Decode(packet, pcm));
            pcm.AsSpan(0, samples * channels).CopyTo(heard.AsSpan(i * samples * channels));
        }
        short[] spoken = [.. Enumerable.Range(0, 48_000 / samples).SelectMany(i => Tone(i, channels, samples))];
        int lag = encoder.LookAhead * channels, from = 24_000 * channels, length = 16_000 * channels;
        Assert.True(Signal.RatioDecibels(spoken.AsSpan(from - lag, length), heard.AsSpan(from, length)) > 15);
    }

    [Fact]
    public void Stereo_packets_are_mixed_by_a_mono_decoder()
    {
        using OpusEncoder encoder = new(2);
        using IOpusDecoder decoder = codecs.CreateDecoder(1);
        Assert.Equal(OpusDecodeResult.Decoded,
            decoder.Decode(encoder.Encode(Tone(0, 2)), new short[OpusPacket.MaximumSamples], out int samples));
        Assert.Equal(Frame, samples);
    }

    [Fact]
    public void Corrupt_packets_are_a_result_and_harm_nothing()
    {
        using IOpusDecoder decoder = codecs.CreateDecoder(2);
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
        using IOpusDecoder decoder = codecs.CreateDecoder(1);
        Assert.Equal(OpusDecodeResult.TooLong, decoder.Decode(encoder.Encode(new short[2880]), new short[960], out _));
    }

    [Fact]
    public void Concealment_goes_on_like_what_was_heard()
    {
        using OpusEncoder encoder = new();
        using IOpusDecoder decoder = codecs.CreateDecoder(1);
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
        using IOpusDecoder used = codecs.CreateDecoder(1), fresh = codecs.CreateDecoder(1);
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
        using IOpusDecoder decoder = codecs.CreateDecoder(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => codecs.CreateDecoder(3));
        Assert.Throws<ArgumentException>(() => codecs.CreateEncoder(new OpusEncoderOptions { Channels = 3 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Conceal(new short[2000], 961));
        Assert.Throws<ArgumentException>(() => decoder.Conceal(new short[100], 960));
    }

    /// <summary>Mean square distance of the frames after a lost one (every sixth) from a decoder that lost nothing.</summary>
    private double Distance(byte[][] packets, bool recover)
    {
        using IOpusDecoder lossy = codecs.CreateDecoder(1), whole = codecs.CreateDecoder(1);
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

    private static short[] Tone(int frame, int channels, int samples = Frame)
    {
        short[] pcm = new short[samples * channels];
        for (int i = 0; i < pcm.Length; i++)
            pcm[i] = (short)(8000 * Math.Sin(2 * Math.PI * 440 * ((frame * samples) + (i / channels)) / 48_000));
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
