using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;

namespace Pipeline.Bot.Replay;

/// <summary>
/// An Ogg Opus file as a player would play it: every stream with its pre-skip, end trim and output gain (RFC 7845 §4, §5.1); more than
/// two channels are mixed to one. Holes of up to five frames are made up for.
/// </summary>
internal sealed class OggPcmInput : IPcmInput
{
    private const int LongestConcealed = 5 * 960;

    private readonly Stream input;
    private readonly OggOpusReader reader;
    private readonly OpusCodecs codecs;
    private readonly short[] pcm;
    private IOpusDecoder decoder;
    private OpusLayout? layout; // of the decoder
    private long end; // of the last stretch

    public OggPcmInput(Stream input, OpusCodecs codecs)
    {
        (this.input, this.codecs, reader) = (input, codecs, new OggOpusReader(input));
        layout = reader.Head.Layout;
        Channels = layout?.Outputs ?? reader.Head.Channels;
        decoder = CreateDecoder();
        pcm = new short[(LongestConcealed + OpusPacket.MaximumSamples) * Channels];
    }

    public int Channels { get; }

    public bool TryRead(out PcmStretch stretch)
    {
        stretch = default;
        while (reader.TryRead(out OggOpusPacket packet))
        {
            if (packet.BeginsStream) BeginStream();
            int made = !packet.BeginsStream && packet.Missing is > 0 and <= LongestConcealed
                && packet.Missing % OpusPacket.ShortestFrame == 0 ? (int)packet.Missing : 0;
            if (made > 0) decoder.Conceal(pcm.AsSpan(0, made * Channels), made);
            if (decoder.Decode(packet.Opus, pcm.AsSpan(made * Channels), out int samples) != OpusDecodeResult.Decoded) continue;
            int from = packet.StartTrim, to = made + samples - packet.EndTrim;
            if (to <= from) continue;
            Memory<short> kept = pcm.AsMemory(from * Channels, (to - from) * Channels);
            Amplify(kept.Span, reader.Head.OutputGain);
            long position = packet.Position - made + from;
            // What was to be skipped at a stream's start is not missed.
            stretch = new PcmStretch(kept, position, made > 0 ? 0 : Math.Clamp(packet.Missing, 0, Math.Max(0, position - end)));
            end = position + to - from;
            return true;
        }
        return false;
    }

    public void Dispose()
    {
        decoder.Dispose();
        input.Dispose();
    }

    private void BeginStream()
    {
        if (ReferenceEquals(layout, reader.Head.Layout))
        {
            decoder.Reset();
            return;
        }
        decoder.Dispose();
        layout = reader.Head.Layout;
        decoder = CreateDecoder();
    }

    private IOpusDecoder CreateDecoder() =>
        layout is null ? codecs.CreateDecoder(Channels) : new MultistreamDecoder(layout, Channels, codecs);

    // RFC 7845 §5.1: in 1/256 dB.
    private static void Amplify(Span<short> pcm, int gain)
    {
        if (gain == 0) return;
        double factor = Math.Pow(10, gain / (20.0 * 256));
        foreach (ref short value in pcm) value = (short)Math.Clamp(Math.Round(value * factor), short.MinValue, short.MaxValue);
    }
}
