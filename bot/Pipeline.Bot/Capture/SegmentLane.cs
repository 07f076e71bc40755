using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>
/// One track's way into files: opens a segment at the first audible frame, cuts it at its greatest length, closes it when told,
/// and turns what the disk does not take into a counted gap. Knows positions, not packets.
/// </summary>
internal sealed class SegmentLane(RecordingContext context, TrackUser user, Timeline timeline, TrackCounters counters, int firstIndex) : IDisposable
{
    /// <summary>Short answers with half a second between them come to as many.</summary>
    private const int SegmentsPerMinute = 60;

    private const double Minute = 60.0 * SampleClock.SamplesPerSecond;

    private readonly double[] openedAt = new double[SegmentsPerMinute];
    private int opens;
    private const long LongestFloat = 10 * SampleClock.SamplesPerSecond;

    private readonly string folder = SpoolFiles.UserFolder(context.Folder, user.Id);
    private SegmentWriter? segment;
    private byte[]? buffer;
    private TrackTotals totals = TrackTotals.Empty;
    private int nextIndex = firstIndex;
    private long openSince = -1;
    private long position;
    private long lastSegmentEnd;
    private bool isCut; // the last segment ended although nothing in the track did

    // Missing audio that is not yet in the log, because more of the same may follow.
    private string? gapReason;
    private long gapStart;
    private long gapSamples;

    public bool IsOpen => segment is not null;

    /// <summary>The start may still be moved: the segment follows silence, and nothing of it is closed.</summary>
    public bool IsFloating { get; private set; }

    /// <summary>End of the last frame, stored or not. Any thread.</summary>
    public long Position => Volatile.Read(ref position);

    /// <summary>End of the last audible frame of the open segment.</summary>
    public long AudibleEnd { get; private set; }

    /// <summary>Arrival of the frame that opened the segment.</summary>
    public double OpenedArrival { get; private set; }

    /// <summary>Start of the open segment, or null. Any thread.</summary>
    public long? OpenSince => Volatile.Read(ref openSince) is >= 0 and long start ? start : null;

    /// <summary>Any thread.</summary>
    public TrackTotals Totals => Volatile.Read(ref totals);

    /// <summary>Any thread.</summary>
    public int NextFreeIndex => Volatile.Read(ref nextIndex);

    /// <summary>With no segment open: the next frame begins here, or where the last segment ends if that is later.</summary>
    /// <returns>Samples by which it had to be moved.</returns>
    public long MoveTo(long target)
    {
        long actual = Math.Max(target, lastSegmentEnd);
        position = actual;
        return actual - target;
    }

    /// <summary>
    /// Whether the open file may end here for a reason that the sender can bring about (silence, another source). Beyond a budget per
    /// minute talk goes on in the same file, so that nobody makes thousands of them; what it holds is the same.
    /// </summary>
    public bool MaySplit(double arrival)
    {
        double oldest = openedAt[opens % SegmentsPerMinute];
        return oldest == 0 || arrival - oldest > Minute;
    }

    /// <summary>Puts a frame at the present position.</summary>
    /// <param name="pcm"><c>[samples, channels]</c>.</param>
    /// <param name="audible">Only an audible frame opens a segment; one that fills a hole within talk does, too, where the last was cut.</param>
    public void Append(ReadOnlySpan<short> pcm, bool audible, double arrival, bool isWithinTalk = false)
    {
        int channels = context.Options.Channels;
        while (!pcm.IsEmpty)
        {
            int samples = pcm.Length / channels;
            if (segment is null && !((audible || (isWithinTalk && isCut)) && TryOpen(arrival)))
            {
                if (audible) Drop(samples);
                position += samples;
                return;
            }
            int part = (int)Math.Min(samples, context.Limits.MaximumSegment - segment!.SampleCount);
            if (!TryWrite(pcm[..(part * channels)])) continue;
            position += part;
            pcm = pcm[(part * channels)..];
            if (audible) NoteAudible();
            if (segment.SampleCount >= context.Limits.MaximumSegment) Cut(arrival);
        }
    }

    /// <summary>Time in which nothing was said. A segment that has no room for it is cut inside it.</summary>
    public void AppendSilence(long samples, double arrival)
    {
        if (segment is null)
        {
            position += samples;
            return;
        }
        long part = Math.Min(samples, context.Limits.MaximumSegment - segment.SampleCount);
        TryWrite([], part);
        position += part;
        if (segment?.SampleCount >= context.Limits.MaximumSegment) Cut(arrival);
        if (samples > part) AppendSilence(samples - part, arrival);
    }

    /// <summary>Notes that audio of this track did not reach us.</summary>
    public void AddGap(long start, long samples, string reason)
    {
        if (gapReason != reason || start != gapStart + gapSamples)
        {
            FlushGap();
            (gapReason, gapStart, gapSamples) = (reason, start, 0);
        }
        gapSamples += samples;
    }

    public void FlushGap()
    {
        if (gapReason is not null) context.Gaps.Add(user.Id, gapStart, gapSamples, gapReason);
        gapReason = null;
    }

    /// <summary>Missing audio that may still grow, or null. Any thread.</summary>
    public RecordingGap? PendingGap() => gapReason is { } reason
        ? new RecordingGap { UserId = user.Id, StartSample = gapStart, SampleCount = gapSamples, Reason = reason }
        : null;

    /// <summary>The start of a floating segment follows what the timeline has learnt.</summary>
    public void Float(long wantedOffset)
    {
        if (segment is null || !IsFloating) return;
        long start = Math.Max(segment.StartSample + wantedOffset - timeline.Offset, lastSegmentEnd);
        long shift = start - segment.StartSample;
        segment.StartSample = start;
        position += shift;
        AudibleEnd += shift;
        Volatile.Write(ref openSince, start);
        timeline.Shift(shift);
    }

    /// <summary>From here on the start stays.</summary>
    public void Settle() => IsFloating = false;

    /// <summary>A long segment's start is known well enough; from then on the sender's clock is followed inside it.</summary>
    public void SettleWhenLong()
    {
        if (!IsFloating || segment!.SampleCount < LongestFloat) return;
        Float(timeline.WantedOffset);
        Settle();
    }

    /// <summary>Lets a crash find nearly the right start.</summary>
    public void RefreshSidecar()
    {
        try
        {
            segment?.RefreshSidecar();
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            context.Spool.Fail(failure.Message, position);
        }
    }

    /// <summary>Ends the open segment within talk: the next one begins where it ends.</summary>
    public void Cut(double arrival, long padding = 0)
    {
        if (segment is null) return;
        Close(padding, arrival);
        isCut = segment is null;
    }

    /// <summary>Ends the open segment. One under the least duration is padded with silence.</summary>
    /// <param name="padding">Samples that the next segment will not start before; no more are padded.</param>
    public void Close(long padding, double arrival)
    {
        isCut = false;
        if (segment is null) return;
        Float(timeline.WantedOffset);
        padding = Math.Min(padding, context.Limits.MinimumSegment - segment.SampleCount);
        if (padding > 0 && !TryWrite([], padding)) return;
        try
        {
            ClosedSegment closed = segment.Close(user.Name);
            context.Spool.Succeeded();
            Leave(closed);
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            Salvage(failure, arrival);
        }
    }

    /// <summary>Deletes the open segment, and what was missing lately: nobody was to hear it.</summary>
    public void Discard()
    {
        gapReason = null;
        if (segment is null) return;
        try
        {
            segment.Discard();
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            context.Spool.Fail(failure.Message, position);
        }
        Leave(closed: null);
    }

    /// <summary>Gives the write buffer back; to be called with no segment open.</summary>
    public void ReleaseBuffer() => buffer = null;

    /// <summary>An open segment stays as <c>.open.wav</c>.</summary>
    public void Dispose()
    {
        segment?.Dispose();
        segment = null;
        buffer = null;
    }

    private bool TryOpen(double arrival)
    {
        if (!context.Spool.MayWrite(arrival)) return false;
        long start = IsPauseWithinTalk ? lastSegmentEnd : position;
        SegmentSidecar sidecar = new()
        {
            Session = context.Session,
            UserId = user.Id,
            Username = user.Name,
            Index = nextIndex,
            StartSample = start,
            Channels = context.Options.Channels,
        };
        try
        {
            segment = OpenSegment(sidecar);
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            context.Spool.Fail(failure.Message, arrival);
            return false;
        }
        FlushGap();
        openedAt[opens++ % SegmentsPerMinute] = Math.Max(1, arrival);
        Volatile.Write(ref nextIndex, nextIndex + 1);
        Volatile.Write(ref openSince, start);
        IsFloating = start != lastSegmentEnd;
        (OpenedArrival, AudibleEnd) = (arrival, position);
        return TryWrite([], position - start);
    }

    // As short as one that an open segment would hold.
    private bool IsPauseWithinTalk =>
        isCut && position - lastSegmentEnd < Math.Min(context.Limits.SilenceThreshold, context.Limits.MaximumSegment);

    // Somebody who empties the spool may take empty folders away.
    private SegmentWriter OpenSegment(SegmentSidecar sidecar)
    {
        if (buffer is null) Directory.CreateDirectory(folder);
        buffer ??= new byte[SegmentWriter.BufferSize];
        try
        {
            return SegmentWriter.Open(folder, sidecar, buffer);
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(folder);
            return SegmentWriter.Open(folder, sidecar, buffer);
        }
    }

    private bool TryWrite(ReadOnlySpan<short> pcm, long silence = 0)
    {
        try
        {
            segment!.Write(pcm);
            segment.WriteSilence(silence);
            return true;
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            Salvage(failure, position);
            return false;
        }
    }

    private void Salvage(Exception failure, double arrival)
    {
        context.Spool.Fail(failure.Message, arrival);
        long kept = segment!.StartSample + segment.FlushedSampleCount;
        ClosedSegment? closed = null;
        try
        {
            closed = segment.Salvage();
            if (closed is null && segment.Index == nextIndex - 1) Volatile.Write(ref nextIndex, segment.Index);
        }
        catch (Exception second) when (IsOfTheDisk(second))
        {
            context.Spool.Fail(second.Message, arrival);
            segment.Dispose();
        }
        if (position > kept) AddGap(kept, position - kept, GapLog.Spool);
        Leave(closed);
    }

    private void Leave(ClosedSegment? closed)
    {
        segment = null;
        IsFloating = false;
        Volatile.Write(ref openSince, -1);
        if (closed is null) return;
        lastSegmentEnd = closed.StartSample + closed.SampleCount;
        Volatile.Write(ref totals, totals.With(closed));
        context.SegmentClosed?.Invoke(closed);
    }

    private void NoteAudible()
    {
        AudibleEnd = position;
        FlushGap();
    }

    private void Drop(int samples)
    {
        isCut = false;
        counters.SpoolDropped++;
        AddGap(position, samples, GapLog.Spool);
    }

    private static bool IsOfTheDisk(Exception failure) => failure is IOException or UnauthorizedAccessException;
}
