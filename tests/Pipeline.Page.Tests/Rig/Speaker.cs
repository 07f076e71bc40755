using System.Runtime.InteropServices;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Page.Tests.Rig;

/// <summary>One person of a made-up call: stretches of talk, cut into segments as the bot cuts them.</summary>
/// <param name="Talk">Start and length of each stretch, samples; between them is silence without segments.</param>
/// <param name="Tones">What sounds in them.</param>
internal sealed record Speaker(ulong UserId, string Name, IReadOnlyList<(long Start, long Count)> Talk, IReadOnlyList<Tone> Tones)
{
    public const int Rate = SampleClock.SamplesPerSecond;
    private const int LongestSegment = 10 * Rate;
    private const int Frame = Rate / 50;
    private static readonly WavFormat Stereo = new(2, Rate);

    /// <summary>Of the segments.</summary>
    public SegmentFormat Format { get; init; }

    /// <summary>Start and length of every segment, samples.</summary>
    public IEnumerable<(long Start, long Count)> Segments()
    {
        foreach ((long start, long count) in Talk)
        {
            for (long at = 0; at < count; at += LongestSegment) yield return (start + at, Math.Min(LongestSegment, count - at));
        }
    }

    /// <summary>The segment file of a stretch.</summary>
    public byte[] File(long start, long count) => Format == SegmentFormat.Opus ? Ogg(start, count) : Wav(start, count);

    /// <summary>The WAV file of a stretch.</summary>
    public byte[] Wav(long start, long count)
    {
        byte[] file = new byte[WavFormat.HeaderSize + (count * Stereo.BytesPerSample)];
        Stereo.WriteHeader(file, count * Stereo.BytesPerSample);
        Span<short> pcm = MemoryMarshal.Cast<byte, short>(file.AsSpan(WavFormat.HeaderSize));
        foreach (Tone tone in Tones)
        {
            long from = Math.Max((long)(tone.Start * Rate), start), to = Math.Min((long)((tone.Start + tone.Length) * Rate), start + count);
            for (long at = from; at < to; at++)
            {
                short value = (short)(8_000 * Math.Sin(2 * Math.PI * tone.Pitch * at / Rate));
                pcm[(int)(at - start) * 2] += value;
                pcm[((int)(at - start) * 2) + 1] += value;
            }
        }
        return file;
    }

    // Of whole packets of 20 ms.
    private byte[] Ogg(long start, long count)
    {
        using TempFolder folder = new();
        using OpusEncoder encoder = new(channels: 2);
        using OggSegmentWriter writer = new();
        OggOpusHeader header = new(1, 2, []);
        string path = folder.Combine("segment.opus");
        writer.Open(path, header, continues: false);
        ReadOnlySpan<short> pcm = MemoryMarshal.Cast<byte, short>(Wav(start, count).AsSpan(WavFormat.HeaderSize));
        for (; pcm.Length > 0; pcm = pcm[(Frame * 2)..]) writer.Write(encoder.Encode(pcm[..(Frame * 2)]), Frame);
        writer.Finish(header);
        writer.Dispose();
        return System.IO.File.ReadAllBytes(path);
    }
}
