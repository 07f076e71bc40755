using System.Collections.Immutable;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>
/// People who speak when every track is taken: nothing of it is kept, and each stretch of it is a gap of theirs. Written by the tick's
/// thread, read by any.
/// </summary>
internal sealed class TracklessSpeakers(GapLog gaps)
{
    /// <summary>Beyond so many, frames are counted only.</summary>
    private const int Capacity = 1000;

    private const long FrameSamples = SampleClock.SamplesPerSecond / 50;

    /// <summary>Frames that lie closer together are one stretch.</summary>
    private const long LongestPause = SampleClock.SamplesPerSecond;

    private readonly HashSet<ulong> everHeard = [];
    private ImmutableDictionary<ulong, RecordingGap> running = ImmutableDictionary<ulong, RecordingGap>.Empty;
    private int count;

    /// <summary>How many people it has come to so far.</summary>
    public int Count => Volatile.Read(ref count);

    public IEnumerable<RecordingGap> Running => Volatile.Read(ref running).Values;

    /// <param name="at">Position of a frame that could not be kept.</param>
    public void Note(ulong userId, long at)
    {
        if (!everHeard.Contains(userId) && everHeard.Count == Capacity) return;
        if (everHeard.Add(userId)) Volatile.Write(ref count, everHeard.Count);
        running.TryGetValue(userId, out RecordingGap? known);
        if (known is not null && at - End(known) > LongestPause)
        {
            Log(known);
            known = null;
        }
        RecordingGap gap = known ?? new RecordingGap { UserId = userId, StartSample = at, SampleCount = 0, Reason = GapLog.Capacity };
        Volatile.Write(ref running,
            running.SetItem(userId, gap with { SampleCount = Math.Max(gap.SampleCount, at + FrameSamples - gap.StartSample) }));
    }

    /// <summary>Logs the stretches that ended before the position.</summary>
    public void Flush(long before)
    {
        foreach ((ulong userId, RecordingGap gap) in running)
        {
            if (End(gap) >= before) continue;
            Log(gap);
            Volatile.Write(ref running, running.Remove(userId));
        }
    }

    private void Log(RecordingGap gap) => gaps.Add(gap.UserId, gap.StartSample, gap.SampleCount, gap.Reason);

    private static long End(RecordingGap gap) => gap.StartSample + gap.SampleCount;
}
