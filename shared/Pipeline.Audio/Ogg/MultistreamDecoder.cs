using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>Decodes packets of several streams, and mixes what they give to mono or stereo by the file's layout.</summary>
public sealed class MultistreamDecoder : IOpusDecoder
{
    private readonly OpusLayout layout;
    private readonly IOpusDecoder[] decoders;
    private readonly Range[] packets; // of each stream, in `plain`
    private readonly short[] part = new short[2 * OpusPacket.MaximumSamples];
    private readonly float[] sum;
    private byte[] plain = new byte[4096];

    /// <param name="channels">1 or 2.</param>
    public MultistreamDecoder(OpusLayout layout, int channels, OpusCodecs codecs)
    {
        (this.layout, Channels) = (layout, channels);
        decoders = [.. Enumerable.Range(0, layout.Streams).Select(stream => codecs.CreateDecoder(ChannelsOf(stream)))];
        packets = new Range[layout.Streams];
        sum = new float[OpusPacket.MaximumSamples * channels];
    }

    public int Channels { get; }

    public OpusDecodeResult Decode(ReadOnlySpan<byte> packet, Span<short> pcm, out int samples)
    {
        samples = 0;
        if (!TryTakeApart(packet, out int duration)) return OpusDecodeResult.Corrupt;
        if (duration * Channels > pcm.Length) return OpusDecodeResult.TooLong;
        Clear(duration);
        for (int stream = 0; stream < decoders.Length; stream++)
        {
            if (decoders[stream].Decode(plain.AsSpan(packets[stream]), part, out _) != OpusDecodeResult.Decoded)
                return OpusDecodeResult.Corrupt;
            Add(stream, duration);
        }
        Give(pcm, duration);
        samples = duration;
        return OpusDecodeResult.Decoded;
    }

    public OpusDecodeResult Recover(ReadOnlySpan<byte> next, Span<short> pcm, int samples)
    {
        OpusPacket.CheckMadeLength(pcm, samples, Channels);
        if (!TryTakeApart(next, out _)) return OpusDecodeResult.Corrupt;
        // No packet repeats more than its own length.
        int last = Math.Min(samples, OpusPacket.MaximumSamples);
        if (samples > last) Conceal(pcm, samples - last);
        Clear(last);
        for (int stream = 0; stream < decoders.Length; stream++)
        {
            if (decoders[stream].Recover(plain.AsSpan(packets[stream]), part, last) != OpusDecodeResult.Decoded)
                return OpusDecodeResult.Corrupt;
            Add(stream, last);
        }
        Give(pcm[((samples - last) * Channels)..], last);
        return OpusDecodeResult.Decoded;
    }

    public void Conceal(Span<short> pcm, int samples)
    {
        OpusPacket.CheckMadeLength(pcm, samples, Channels);
        for (int done = 0, count; done < samples; done += count)
        {
            count = Math.Min(samples - done, OpusPacket.MaximumSamples);
            Clear(count);
            for (int stream = 0; stream < decoders.Length; stream++)
            {
                decoders[stream].Conceal(part, count);
                Add(stream, count);
            }
            Give(pcm[(done * Channels)..], count);
        }
    }

    public void Reset()
    {
        foreach (IOpusDecoder decoder in decoders) decoder.Reset();
    }

    public void Dispose()
    {
        foreach (IOpusDecoder decoder in decoders) decoder.Dispose();
    }

    private int ChannelsOf(int stream) => stream < layout.CoupledStreams ? 2 : 1;

    // RFC 7845 §3: all streams of a packet have the same duration.
    private bool TryTakeApart(ReadOnlySpan<byte> packet, out int duration)
    {
        if (!OpusPacket.TryGetDuration(packet, out duration)) return false;
        if (plain.Length < packet.Length) plain = new byte[packet.Length];
        for (int stream = 0, at = 0; stream < packets.Length; stream++)
        {
            int length = packet.Length;
            if (stream == packets.Length - 1) packet.CopyTo(plain.AsSpan(at));
            else if (!OpusSelfDelimited.TryTake(ref packet, plain.AsSpan(at), out length)) return false;
            packets[stream] = at..(at + length);
            if (!OpusPacket.IsWellFormed(plain.AsSpan(at, length), out int samples) || samples != duration) return false;
            at += length;
        }
        return true;
    }

    private void Clear(int samples) => sum.AsSpan(0, samples * Channels).Clear();

    private void Add(int stream, int samples)
    {
        int first = Math.Min(stream, layout.CoupledStreams) + stream, count = ChannelsOf(stream);
        for (int channel = 0; channel < count; channel++)
        {
            for (int output = 0; output < Channels; output++)
            {
                float weight = layout.Weight(output, Channels, first + channel) / 32768;
                for (int i = 0; i < samples; i++) sum[(i * Channels) + output] += weight * part[(i * count) + channel];
            }
        }
    }

    private void Give(Span<short> pcm, int samples) => FloatSamples.ToInt16(sum.AsSpan(0, samples * Channels), pcm);
}
