using System.Buffers;
using System.Collections.Concurrent;
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

    /// <summary>A minute of 25 people is 200 segments.</summary>
    private const int MostHeaders = 4_096;

    private readonly OpusCodecs codecs = OpusCodecs.Choose(OpusChoice.Auto);

    // WAV segments whose header was right: one over the end of a minute is asked for once more, in its middle.
    private readonly ConcurrentDictionary<RenderSegment, bool> headers = new();

    /// <summary>
    /// Reads <c>[start, start + samples)</c>. Where segments overlap, the one that begins later is heard, whichever is here first.
    /// </summary>
    /// <param name="pcm"><c>[samples, channels of the track]</c>, overwritten.</param>
    /// <param name="files">Takes the Opus segments' files that were read whole, by start; null for nobody.</param>
    /// <returns>Indexes of segments that are not there or are not what they were announced as; their time is silence.</returns>
    internal async Task<IReadOnlyList<int>> ReadAsync(RenderTrack track, long start, int samples, Memory<short> pcm,
        CancellationToken cancellation, List<JoinedSegment>? files = null)
    {
        pcm.Span[..(samples * track.Channels)].Clear();
        List<int> unreadable = [];
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        await Parallel.ForEachAsync(InTurn(track.Between(start, start + samples)), width, async (turn, stop) =>
        {
            RenderSegment segment = turn.Segment;
            long from = Math.Max(segment.Start, start), to = Math.Min(segment.Start + segment.Count, start + samples);
            Memory<short> place = pcm.Slice((int)(from - start) * track.Channels, (int)(to - from) * track.Channels);
            try
            {
                bool isRead = turn.Before is { } before
                    ? await TryReadBehindAsync(before, segment, from, place, track.Channels, files, stop)
                    : await TryReadAsync(segment, from, place, track.Channels, files, stop);
                if (isRead) return;
                lock (unreadable) unreadable.Add(segment.Index);
            }
            finally
            {
                turn.Written.SetResult();
            }
        });
        unreadable.Sort();
        files?.Sort(static (one, other) => (one.Start, one.Index).CompareTo((other.Start, other.Index)));
        return unreadable;
    }

    // They are begun in this order: what is waited for is always under way.
    private static IEnumerable<Turn> InTurn(IEnumerable<RenderSegment> segments)
    {
        Task before = Task.CompletedTask;
        long reached = long.MinValue;
        foreach (RenderSegment segment in segments)
        {
            TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);
            yield return new Turn(segment, segment.Start < reached ? before : null, written);
            (before, reached) = (written.Task, Math.Max(reached, segment.Start + segment.Count));
        }
    }

    // Read at once, written over what lies there when that is whole.
    private async Task<bool> TryReadBehindAsync(Task before, RenderSegment segment, long from, Memory<short> pcm, int channels,
        List<JoinedSegment>? files, CancellationToken cancellation)
    {
        short[] rented = ArrayPool<short>.Shared.Rent(pcm.Length);
        try
        {
            Memory<short> own = rented.AsMemory(0, pcm.Length);
            bool isRead = await TryReadAsync(segment, from, own, channels, files, cancellation);
            await before.WaitAsync(cancellation);
            if (isRead) own.CopyTo(pcm);
            return isRead;
        }
        finally
        {
            ArrayPool<short>.Shared.Return(rented);
        }
    }

    private Task<bool> TryReadAsync(RenderSegment segment, long from, Memory<short> pcm, int channels, List<JoinedSegment>? files,
        CancellationToken cancellation) => segment.Format == SegmentFormat.Opus
        ? TryDecodeAsync(segment, from - segment.Start, pcm, channels, files, cancellation)
        : TryReadWavAsync(segment, from - segment.Start, pcm, channels, cancellation);

    private async Task<bool> TryReadWavAsync(RenderSegment segment, long from, Memory<short> pcm, int channels,
        CancellationToken cancellation)
    {
        int bytesPerSample = segment.Channels * WavFormat.BytesPerValue;
        if (segment.FileSize != WavFormat.HeaderSize + (segment.Count * bytesPerSample)) return false;
        // The header is looked at where the segment's beginning is read.
        bool whole = from == 0;
        if (!whole && !await HasHeaderAsync(segment, cancellation)) return false;
        long offset = whole ? 0 : WavFormat.HeaderSize + (from * bytesPerSample);
        long end = WavFormat.HeaderSize + ((from + (pcm.Length / channels)) * bytesPerSample);
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
    /// Reads the whole file and decodes what is wanted of it. One that is shorter than announced, or damaged anywhere, is not what was
    /// announced: it is silence in every minute that it touches and in every format.
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
            long has = OggSegmentFile.Inspect(bytes, "the segment").SampleCount;
            if (!segment.IsCounted) segment = segment with { Count = Math.Min(segment.Count, has) };
            int wanted = (int)Math.Clamp(segment.Count - from, 0, pcm.Length / channels);
            if (has >= segment.Count && OggSegmentDecoder.Decode(bytes, decoder, from, pcm.Span[..(wanted * channels)]) == wanted)
            {
                pcm.Span[(wanted * channels)..].Clear();
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

    private async Task<bool> HasHeaderAsync(RenderSegment segment, CancellationToken cancellation)
    {
        if (headers.ContainsKey(segment)) return true;
        byte[] header = new byte[WavFormat.HeaderSize];
        return await container.TryReadAsync(segment.Address, 0, header, segment.FileSize, cancellation) && IsHeader(header, segment);
    }

    private bool IsHeader(ReadOnlySpan<byte> bytes, RenderSegment segment)
    {
        if (!WavFormat.TryReadHeader(bytes[..WavFormat.HeaderSize], out WavFormat format)
            || format != new WavFormat(segment.Channels, 48_000)) return false;
        if (headers.Count >= MostHeaders) headers.Clear();
        headers[segment] = true;
        return true;
    }

    private static void Copy(ReadOnlySpan<short> values, int from, Span<short> pcm, int to)
    {
        if (from == to) values.CopyTo(pcm);
        else for (int i = 0; i < values.Length; i++) pcm[2 * i] = pcm[(2 * i) + 1] = values[i];
    }

    /// <param name="Before">The segment before it, and all it waits for, are written then; null: it overlaps with none of them.</param>
    /// <param name="Written">It lies in its place, or never will.</param>
    private sealed record Turn(RenderSegment Segment, Task? Before, TaskCompletionSource Written);
}
