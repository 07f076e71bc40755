using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>Reads the samples of a track's stretch out of its segments. What no segment has is silence.</summary>
public sealed class SegmentPcm(RecordingsContainer container)
{
    private const int Width = 6;

    /// <summary>Ten minutes of the greatest packets of 20 ms are 38 MB.</summary>
    private const long LongestOpusFile = 64 << 20;

    private readonly OpusCodecs codecs = OpusCodecs.Choose(OpusChoice.Auto);

    /// <summary>Reads <c>[start, start + samples)</c>.</summary>
    /// <param name="pcm"><c>[samples, channels of the track]</c>, overwritten.</param>
    /// <param name="files">Takes the Opus segments' files that were read whole, by start; null for nobody.</param>
    /// <returns>Indexes of segments that are not there or are not what they were announced as; their time is silence.</returns>
    internal async Task<IReadOnlyList<int>> ReadAsync(RenderTrack track, long start, int samples, Memory<short> pcm,
        CancellationToken cancellation, List<JoinedSegment>? files = null)
    {
        pcm.Span[..(samples * track.Channels)].Clear();
        List<int> unreadable = [];
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        await Parallel.ForEachAsync(track.Between(start, start + samples), width, async (segment, stop) =>
        {
            long from = Math.Max(segment.Start, start), to = Math.Min(segment.Start + segment.Count, start + samples);
            Memory<short> place = pcm.Slice((int)(from - start) * track.Channels, (int)(to - from) * track.Channels);
            bool isRead = segment.Format == SegmentFormat.Opus
                ? await TryDecodeAsync(segment, from - segment.Start, place, track.Channels, files, stop)
                : await TryReadAsync(segment, from, to, place, track.Channels, stop);
            if (isRead) return;
            lock (unreadable) unreadable.Add(segment.Index);
        });
        unreadable.Sort();
        files?.Sort(static (one, other) => (one.Start, one.Index).CompareTo((other.Start, other.Index)));
        return unreadable;
    }

    private async Task<bool> TryReadAsync(RenderSegment segment, long from, long to, Memory<short> pcm, int channels,
        CancellationToken cancellation)
    {
        int bytesPerSample = segment.Channels * WavFormat.BytesPerValue;
        if (segment.FileSize != WavFormat.HeaderSize + (segment.Count * bytesPerSample)) return false;
        // The header is looked at where the segment's beginning is read.
        bool whole = from == segment.Start;
        long offset = whole ? 0 : WavFormat.HeaderSize + ((from - segment.Start) * bytesPerSample);
        long end = WavFormat.HeaderSize + ((to - segment.Start) * bytesPerSample);
        // Two megabytes a segment: new pages for each would cost more than to copy them.
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)(end - offset));
        try
        {
            Memory<byte> bytes = rented.AsMemory(0, (int)(end - offset));
            if (!await container.TryReadAsync(segment.Address, offset, bytes, segment.FileSize, cancellation)) return false;
            if (whole && !IsHeader(bytes.Span, segment)) return false;
            ReadOnlySpan<short> values = MemoryMarshal.Cast<byte, short>(bytes.Span[(whole ? WavFormat.HeaderSize : 0)..]);
            Copy(values, segment.Channels, pcm.Span, channels);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>
    /// Reads the whole file and decodes what is wanted of it. One that is shorter than announced is not what was announced.
    /// </summary>
    private async Task<bool> TryDecodeAsync(RenderSegment segment, long from, Memory<short> pcm, int channels,
        List<JoinedSegment>? files, CancellationToken cancellation)
    {
        if (segment.FileSize > LongestOpusFile) return false;
        byte[] bytes = new byte[segment.FileSize];
        if (!await container.TryReadAsync(segment.Address, 0, bytes, segment.FileSize, cancellation)) return false;
        using IOpusDecoder decoder = codecs.CreateDecoder(channels);
        try
        {
            if (OggSegmentDecoder.Decode(bytes, decoder, from, pcm.Span) * channels == pcm.Length)
            {
                if (files is not null) lock (files) files.Add(new JoinedSegment(segment.Index, segment.Start, segment.Count, bytes));
                return true;
            }
        }
        catch (InvalidDataException)
        {
            // Half a file is silence, as with the other format.
        }
        pcm.Span.Clear();
        return false;
    }

    private static bool IsHeader(ReadOnlySpan<byte> bytes, RenderSegment segment) =>
        WavFormat.TryReadHeader(bytes[..WavFormat.HeaderSize], out WavFormat format)
            && format == new WavFormat(segment.Channels, 48_000);

    private static void Copy(ReadOnlySpan<short> values, int from, Span<short> pcm, int to)
    {
        if (from == to) values.CopyTo(pcm);
        else for (int i = 0; i < values.Length; i++) pcm[2 * i] = pcm[(2 * i) + 1] = values[i];
    }
}
