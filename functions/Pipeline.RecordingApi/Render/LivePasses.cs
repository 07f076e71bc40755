using System.Collections.Concurrent;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// How far this process has seen the windows of running recordings as they should be. The next pass begins there, so that the last minute
/// of a day costs what the first one did. What comes late begins from the start, and so does a pass every ten minutes, for what others did.
/// </summary>
internal sealed class LivePasses(TimeProvider time)
{
    private const int MostRecordings = 1_000;
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<RecordingId, Seen> seen = new();

    /// <summary>The first window to look at, and the levels at the end of the one before it.</summary>
    public (int From, MixLevels Levels) Begin(RenderPlan plan) =>
        !plan.IsFinal && seen.TryGetValue(plan.Recording, out Seen? last) && last.From <= plan.WindowCount
            && time.GetElapsedTime(last.WholeAt) < Whole && last.Digest == Digest(plan, last.From)
            ? (last.From, last.Levels) : (0, MixLevels.None);

    /// <summary>The windows before this one are as they should be.</summary>
    /// <param name="began">Where the pass began.</param>
    public void End(RenderPlan plan, RenderedWindows rows, int began, int end)
    {
        // The first of two waits for the second.
        int from = RenderWindows.BeginsPair(end) ? end : end - 1;
        if (plan.IsFinal)
        {
            Forget(plan.Recording);
            return;
        }
        if (seen.Count >= MostRecordings) seen.Clear();
        long wholeAt = began > 0 && seen.TryGetValue(plan.Recording, out Seen? last) ? last.WholeAt : time.GetTimestamp();
        seen[plan.Recording] = new Seen(from, rows.LevelsBefore(from), Digest(plan, from), wholeAt);
    }

    public void Forget(RecordingId recording) => seen.TryRemove(recording, out _);

    // What the windows before this one are made of. Only ever compared within this process.
    private static int Digest(RenderPlan plan, int from)
    {
        HashCode hash = new();
        foreach (RenderTrack track in plan.Tracks)
        {
            foreach (RenderSegment segment in track.Between(0, RenderWindows.Start(from)))
            {
                hash.Add((track.UserId, track.Channels, track.IsJoined));
                hash.Add((segment.Index, segment.Start, segment.Count, segment.Channels, segment.FileSize));
            }
        }
        return hash.ToHashCode();
    }

    /// <param name="WholeAt">When a pass last looked at every window.</param>
    private sealed record Seen(int From, MixLevels Levels, int Digest, long WholeAt);
}
