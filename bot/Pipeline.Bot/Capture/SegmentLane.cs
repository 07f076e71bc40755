using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>
/// One track's way into files: opens a segment where it is told, writes, closes. What the disk does not take becomes a gap, and
/// the segment ends with what the disk has; one that the disk does not let end is a gap until it does. Decides nothing about positions.
/// </summary>
internal sealed class SegmentLane(RecordingContext context, TrackUser user, TrackGaps gaps, int firstIndex, ISegmentAudio audio)
    : IDisposable
{
    /// <summary>Short answers with half a second between them come to as many.</summary>
    private const int SegmentsPerMinute = 60;

    private const double Minute = 60.0 * SampleClock.SamplesPerSecond;

    private readonly double[] openedAt = [.. Enumerable.Repeat(double.NegativeInfinity, SegmentsPerMinute)];
    private int opens;
    private readonly string folder = SpoolFiles.UserFolder(context.Folder, user.Id);
    private SegmentWriter? segment;
    private TrackTotals totals = TrackTotals.Empty;
    private int nextIndex = firstIndex;
    private long openSince = long.MinValue;
    private readonly List<StrandedSegment> stranded = [];

    public bool IsOpen => segment is not null;

    /// <summary>Samples that the open segment has room for.</summary>
    public long Room => segment is not null && segment.FileSize > context.Limits.MaximumFileSize ? 0
        : context.Limits.MaximumSegment - Samples;

    /// <inheritdoc cref="ISegmentAudio.Lag"/>
    public long Lag => segment is null ? 0 : audio.Lag;

    /// <summary>Samples in the open segment.</summary>
    public long Samples => segment?.SampleCount ?? 0;

    /// <summary>Position of the open segment's first sample.</summary>
    public long Start => segment?.StartSample ?? End;

    /// <summary>Where the last closed segment ends.</summary>
    public long End { get; private set; }

    /// <summary>Start of the open segment, or null. Any thread.</summary>
    public long? OpenSince => Volatile.Read(ref openSince) is >= 0 and long start ? start : null;

    /// <summary>Any thread.</summary>
    public TrackTotals Totals => Volatile.Read(ref totals);

    /// <summary>Any thread.</summary>
    public int NextFreeIndex => Volatile.Read(ref nextIndex);

    /// <summary>
    /// Whether the open file may end here for a reason that the sender can bring about (silence, another source). Beyond a budget per
    /// minute talk goes on in the same file, so that nobody makes thousands of them; what it holds is the same.
    /// </summary>
    public bool MaySplit(double arrival) => arrival - openedAt[opens % SegmentsPerMinute] > Minute;

    /// <summary>False when the spool takes nothing.</summary>
    /// <param name="continues">Talk goes on from the segment before.</param>
    public bool TryOpen(long start, bool continues, double arrival)
    {
        if (!context.Spool.MayWrite(arrival)) return false;
        EndStranded(); // before the next one: the uploads go by index
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
            segment = OpenSegment(sidecar, continues);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            context.Spool.Fail(Cause.Of(failure), arrival);
            return false;
        }
        openedAt[opens++ % SegmentsPerMinute] = arrival;
        Volatile.Write(ref nextIndex, nextIndex + 1);
        Volatile.Write(ref openSince, start);
        return true;
    }

    /// <summary>Moves the open segment as a whole.</summary>
    public void MoveTo(long start)
    {
        segment!.StartSample = start;
        Volatile.Write(ref openSince, start);
    }

    /// <param name="end">Position behind what was written so far.</param>
    /// <returns>False when the disk refused: the segment has ended, and what it lacks up to <paramref name="end"/> is a gap.</returns>
    public bool TryWrite(in FrameAudio frame, long end)
    {
        try
        {
            segment!.Write(in frame);
            return true;
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            Salvage(failure, end, end);
            return false;
        }
    }

    /// <inheritdoc cref="TryWrite"/>
    public bool TryWriteSilence(long samples, long end)
    {
        try
        {
            segment!.WriteSilence(samples);
            return true;
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            Salvage(failure, end, end);
            return false;
        }
    }

    /// <summary>Lets a crash find nearly the right start.</summary>
    public void RefreshSidecar(long end)
    {
        try
        {
            segment?.RefreshSidecar();
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            context.Spool.Fail(Cause.Of(failure), end);
        }
    }

    /// <summary>Ends the open segment.</summary>
    public void Close(long end, double arrival)
    {
        try
        {
            ClosedSegment closed = segment!.Close(user.Name);
            context.Spool.Succeeded();
            Leave(closed);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            Salvage(failure, end, arrival);
        }
    }

    /// <summary>Deletes the open segment, and those that could not be ended.</summary>
    public void Discard(long end)
    {
        if (segment is not null) DiscardOpen(end);
        foreach (StrandedSegment one in stranded) one.IsUnwanted = true;
        EndStranded();
    }

    /// <summary>Tries once more to end what the disk did not let end.</summary>
    public void EndStranded() => stranded.RemoveAll(TryEnd);

    /// <summary>Gives the write buffer back; to be called with no segment open.</summary>
    public void ReleaseBuffer() => audio.ReleaseBuffer();

    /// <summary>An open segment's file stays as it is.</summary>
    public void Dispose()
    {
        segment?.Dispose();
        segment = null;
        audio.Dispose();
    }

    // Made with the first segment, and again where somebody who emptied the spool took the folder away.
    private SegmentWriter OpenSegment(SegmentSidecar sidecar, bool continues)
    {
        try
        {
            return SegmentWriter.Open(folder, sidecar, audio, continues);
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(folder);
            return SegmentWriter.Open(folder, sidecar, audio, continues);
        }
    }

    private void DiscardOpen(long end)
    {
        try
        {
            segment!.Discard();
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            context.Spool.Fail(Cause.Of(failure), end);
            stranded.Add(segment!.Strand());
        }
        Leave(closed: null);
    }

    private void Salvage(Exception failure, long end, double arrival)
    {
        context.Spool.Fail(Cause.Of(failure), arrival);
        long start = segment!.StartSample, kept = start + segment.FlushedSampleCount;
        ClosedSegment? closed = null;
        try
        {
            closed = segment.Salvage();
            if (closed is null) Volatile.Write(ref nextIndex, segment.Index);
        }
        catch (Exception second) when (DiskFailure.Is(second))
        {
            context.Spool.Fail(Cause.Of(second), arrival);
            stranded.Add(segment.Strand());
            End = Math.Max(End, kept); // nothing may lie on it: it may still come
            kept = start;
        }
        gaps.Add(kept, end - kept, GapLog.Spool);
        Leave(closed);
    }

    // One file that stays stuck is no reason to write no others.
    private bool TryEnd(StrandedSegment one)
    {
        try
        {
            if (one.End() is not { } closed) return true;
            gaps.Shorten(closed.StartSample, closed.SampleCount, GapLog.Spool);
            Tell(closed);
            return true;
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            return false;
        }
    }

    private void Leave(ClosedSegment? closed)
    {
        segment = null;
        Volatile.Write(ref openSince, long.MinValue);
        if (closed is null) return;
        End = closed.StartSample + closed.SampleCount;
        Tell(closed);
    }

    private void Tell(ClosedSegment closed)
    {
        Volatile.Write(ref totals, totals.With(closed));
        context.SegmentClosed?.Invoke(closed);
    }
}
