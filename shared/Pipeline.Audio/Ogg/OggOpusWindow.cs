using System.Buffers;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Writes an Ogg Opus file (RFC 7845) in windows that are encoded apart and joined by putting their bytes one behind the other: pages
/// and granule positions are absolute, a page is a second, an encoder hears <see cref="PreRollSamples"/> before its window begins.
/// Silence is packets of silence, never a hole: players close holes up.
/// </summary>
public static class OggOpusWindow
{
    public const int FrameSamples = 960;

    /// <summary>Packets of one page: a second.</summary>
    public const int PacketsPerPage = 50;

    /// <summary>Half a second: with less the seams are heard.</summary>
    public const int PreRollSamples = 24_000;

    /// <summary>Zero frames in a row after which packets of silence are written instead of asking the encoder.</summary>
    private const int QuietFrames = 8;

    /// <summary>
    /// A silent window does not have the packets of silence alone where sound ended less than so many samples before it: its end comes
    /// out there, and the zeros behind it are still encoded.
    /// </summary>
    public const int TailSamples = QuietFrames * FrameSamples;

    private const int HeaderPages = 2;

    /// <summary>The two header pages.</summary>
    /// <param name="serialNumber">The same for every part of the file.</param>
    /// <param name="preSkip">Samples to drop from the start: the encoder's look-ahead.</param>
    public static byte[] WriteHeader(uint serialNumber, int channels, int preSkip, IReadOnlyList<KeyValuePair<string, string>> comments)
    {
        ArrayBufferWriter<byte> output = new();
        new OggOpusHeader(serialNumber, channels, comments).Write(new OggPageWriter(serialNumber), preSkip, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Encodes one window.</summary>
    /// <param name="create">Makes a new encoder.</param>
    /// <param name="pcm"><c>[samples, channels]</c>: <paramref name="preRoll"/> samples before the window, then the window.</param>
    /// <param name="preRoll">A multiple of <see cref="FrameSamples"/>; 0 only for the first window.</param>
    /// <param name="start">First sample of the window in the file, a multiple of <see cref="PacketsPerPage"/> frames.</param>
    /// <param name="totalSamples">Of the file, when this is its last window: it gets the end of the stream.</param>
    public static void Write(Func<IOpusEncoder> create, ReadOnlySpan<short> pcm, int preRoll, long start, long? totalSamples,
        uint serialNumber, IBufferWriter<byte> output)
    {
        using IOpusEncoder encoder = create();
        Write(encoder, pcm, preRoll, pcm.Length / encoder.Channels - preRoll, start, totalSamples, serialNumber, output);
    }

    /// <summary>Encodes silence, as many windows of it as there are: the same bytes as zeros give one window after the other, at the start
    /// or <see cref="TailSamples"/> behind sound.</summary>
    /// <param name="samples">Per channel.</param>
    /// <inheritdoc cref="Write(Func{IOpusEncoder}, ReadOnlySpan{short}, int, long, long?, uint, IBufferWriter{byte})"/>
    public static void WriteSilence(Func<IOpusEncoder> create, long samples, long start, long? totalSamples, uint serialNumber,
        IBufferWriter<byte> output)
    {
        using IOpusEncoder encoder = create();
        Write(encoder, [], start == 0 ? 0 : PreRollSamples, samples, start, totalSamples, serialNumber, output);
    }

    private static void Write(IOpusEncoder encoder, ReadOnlySpan<short> pcm, int preRoll, long samples, long start, long? totalSamples,
        uint serialNumber, IBufferWriter<byte> output)
    {
        if (start % (FrameSamples * PacketsPerPage) != 0 || preRoll % FrameSamples != 0)
            throw new ArgumentException($"a window from sample {start} with {preRoll} before it does not begin with a page");
        WindowFrames frames = new(encoder, pcm);
        for (int at = 0; at < preRoll; at += FrameSamples) frames.Next();
        long packet = start / FrameSamples;
        long end = PacketCount(samples, start, totalSamples, encoder.LookAhead);
        OggPageWriter pages = new(serialNumber);
        while (packet < end)
        {
            long pageEnd = Math.Min(end, ((packet / PacketsPerPage) + 1) * PacketsPerPage);
            uint number = (uint)(HeaderPages + (packet / PacketsPerPage));
            for (; packet < pageEnd; packet++)
            {
                if (!pages.TryAdd(frames.Next()))
                    throw new InvalidOperationException("a second of Opus does not fit in a page: the bitrate is over 500 kbit/s");
            }
            bool last = totalSamples is not null && packet == end;
            long granule = last ? totalSamples!.Value + encoder.LookAhead : packet * FrameSamples;
            pages.Flush(last ? OggPageWriter.Last : (byte)0, granule, number, output);
        }
    }

    // The encoder looks ahead: the file's last samples come out with one packet more.
    private static long PacketCount(long samples, long start, long? totalSamples, int lookAhead) => totalSamples is { } total
        ? (total + lookAhead + FrameSamples - 1) / FrameSamples
        : (start + samples) / FrameSamples;

    /// <summary>Packets of frame after frame; beyond the samples there is silence.</summary>
    private ref struct WindowFrames(IOpusEncoder encoder, ReadOnlySpan<short> pcm)
    {
        private readonly ReadOnlySpan<short> pcm = pcm;
        private int at;
        private int quiet;

        public ReadOnlySpan<byte> Next()
        {
            int length = FrameSamples * encoder.Channels;
            ReadOnlySpan<short> left = pcm[at..];
            at = Math.Min(at + length, pcm.Length);
            bool silent = !left[..Math.Min(length, left.Length)].ContainsAnyExcept((short)0);
            quiet = silent ? quiet + 1 : 0;
            if (quiet > QuietFrames) return encoder.Channels == 1 ? OpusPacket.SilenceMarker : OpusPacket.StereoSilenceMarker;
            if (left.Length >= length) return encoder.Encode(left[..length]);
            Span<short> padded = stackalloc short[FrameSamples * 2];
            padded.Clear();
            left.CopyTo(padded);
            return encoder.Encode(padded[..length]);
        }
    }
}
