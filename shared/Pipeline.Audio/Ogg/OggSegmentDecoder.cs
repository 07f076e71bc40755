using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Decodes an Ogg Opus file to samples: pre-roll and what is trimmed at the end are left out, a lost frame comes from the redundancy in
/// the packet behind it where that has some (RFC 6716 §2.1.7), else it is made up.
/// </summary>
public static class OggSegmentDecoder
{
    /// <param name="file">The whole file.</param>
    /// <param name="decoder">New or reset; gives the number of channels.</param>
    /// <returns><c>[samples, channels]</c>, 48 kHz.</returns>
    /// <exception cref="InvalidDataException">Not a whole Ogg Opus file; says where.</exception>
    public static short[] Decode(ReadOnlySpan<byte> file, IOpusDecoder decoder)
    {
        OggSegmentInfo info = OggSegmentFile.Inspect(file, "the file");
        short[] pcm = new short[info.SampleCount * decoder.Channels];
        Decode(file, decoder, 0, pcm);
        return pcm;
    }

    /// <summary>
    /// Decodes a stretch, with the very samples that decoding the whole file gives. What lies more than ten minutes before it is not
    /// decoded.
    /// </summary>
    /// <param name="file">The whole file.</param>
    /// <param name="decoder">New or reset; gives the number of channels.</param>
    /// <param name="from">The first sample that is wanted.</param>
    /// <param name="pcm"><c>[samples, channels]</c>; what the file does not have is left as it is.</param>
    /// <returns>Samples per channel that the file had of it.</returns>
    /// <exception cref="InvalidDataException">Not a whole Ogg Opus file; says where.</exception>
    public static int Decode(ReadOnlySpan<byte> file, IOpusDecoder decoder, long from, Span<short> pcm)
    {
        OggSegmentReader reader = new(file);
        Stretch stretch = new(decoder, -reader.Head.PreSkip, from, pcm);
        while (!stretch.IsFull && reader.TryRead(out ReadOnlySpan<byte> packet, out int samples)) stretch.Add(packet, samples);
        return stretch.End(reader.EndTrim);
    }

    // Longer than any segment of the bot's: a file that somebody made of nothing but short packets takes no hours.
    private const long LongestRunUp = 600L * OpusPacket.SampleRate;

    /// <summary>Packets become samples; what was lost waits for the packet behind it.</summary>
    private ref struct Stretch(IOpusDecoder decoder, long start, long from, Span<short> pcm)
    {
        private readonly Span<short> pcm = pcm;
        private readonly short[] frame = new short[OpusPacket.MaximumSamples * decoder.Channels];
        private readonly long end = from + (pcm.Length / decoder.Channels);
        private long at = start; // of the next packet, samples since the file's first
        private int lost;
        private int lostFrame; // samples of one frame in it

        public readonly bool IsFull => at >= end;

        public void Add(ReadOnlySpan<byte> packet, int samples)
        {
            if (at + lost + samples <= from - LongestRunUp)
            {
                at += lost + samples;
                lost = 0;
            }
            else if (OpusFiller.IsLoss(packet))
            {
                lost += samples;
                lostFrame = OpusPacket.FrameSamples(packet[0]);
            }
            else
            {
                if (lost > 0) MakeUp(packet, samples);
                if (decoder.Decode(packet, frame, out int made) == OpusDecodeResult.Decoded) Put(made);
                else Conceal(samples);
            }
        }

        /// <summary>No packet follows, or none is wanted.</summary>
        public int End(long endTrim)
        {
            if (lost > 0) Conceal(lost);
            int channels = decoder.Channels;
            long last = Math.Clamp(at - endTrim, from, end);
            if (endTrim > 0) pcm[(int)((last - from) * channels)..].Clear();
            return (int)(last - from);
        }

        private void MakeUp(ReadOnlySpan<byte> next, int nextSamples)
        {
            int recovered = OpusPacket.IsSilent(next) ? 0 : Math.Min(lost, nextSamples);
            for (int left = lost - recovered; left > 0; left -= Math.Min(left, lostFrame)) Conceal(Math.Min(left, lostFrame));
            lost = 0;
            if (recovered == 0) return;
            if (decoder.Recover(next, frame, recovered) == OpusDecodeResult.Decoded) Put(recovered);
            else Conceal(recovered);
        }

        private void Conceal(int samples)
        {
            for (int left = samples; left > 0;)
            {
                int part = Math.Min(left, OpusPacket.MaximumSamples);
                decoder.Conceal(frame, part);
                Put(part);
                left -= part;
            }
        }

        // The part of the present frame that is wanted.
        private void Put(int samples)
        {
            int channels = decoder.Channels;
            long first = Math.Max(at, from), behind = Math.Min(at + samples, end);
            if (first < behind)
            {
                ReadOnlySpan<short> wanted = frame.AsSpan((int)((first - at) * channels), (int)((behind - first) * channels));
                wanted.CopyTo(pcm[(int)((first - from) * channels)..]);
            }
            at += samples;
        }
    }
}
