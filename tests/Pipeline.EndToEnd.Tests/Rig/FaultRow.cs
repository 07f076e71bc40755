using System.Globalization;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>What every row of faults is held to, and how it is told.</summary>
internal static class FaultRow
{
    // The takeover itself puts a frame at the next multiple of 20 ms; a decoder that starts again needs as long to settle.
    private const int WindowsPerSeam = 4;
    private const int UnlikePerSeam = 2;
    private const double LeastLikeness = 0.98;
    private const int MostLag = 2; // 20 ms

    /// <summary>All that was said is there, once, at its place, but for what <paramref name="kills"/> may cost.</summary>
    public static void Require(string row, HeardCall heard, int kills, string more = "")
    {
        Tell(row, heard, kills,
            FormattableString.Invariant($" (at most {kills * FaultStage.LossPerKill.TotalSeconds * heard.Tracks.Count:F1}){more}"));
        foreach (HeardTrack track in heard.Tracks)
        {
            TimeSpan allowed = kills * FaultStage.LossPerKill;
            Assert.True(track.MissingTime <= allowed,
                $"{row}: {track.MissingTime.TotalSeconds:F2} s of {track.UserId} are missing, {allowed.TotalSeconds:F2} s are allowed; "
                + $"the windows begin with {string.Join(", ", track.Missing.Take(20))}");
            Assert.True(track.Twice <= kills * WindowsPerSeam, $"{row}: {track.Twice * 10} ms of {track.UserId} are there twice");
            RequirePlace(row, track);
            // A stretch that lies 30 ms off is little of a long call's likeness.
            Assert.True(track.Unlike.Count <= UnlikePerSeam * (kills + 2),
                $"{row}: {track.UserId} sounds otherwise in {Tell(track.Unlike)}");
        }
        Assert.Empty(heard.Recording.MissingSegments);
        Assert.Empty(heard.Recording.UnverifiedUserIds);
    }

    public static void RequirePlace(string row, HeardTrack track)
    {
        Assert.True(Math.Abs(track.Lag) <= MostLag, $"{row}: {track.UserId} is {track.Lag * 10} ms off");
        Assert.True(track.Likeness >= LeastLikeness, $"{row}: {track.UserId} sounds like the source by {track.Likeness:F4} only; "
            + $"it sounds otherwise in {Tell(track.Unlike)}");
    }

    private static string Tell(IReadOnlyList<string> unlike) => $"the windows {string.Join(", ", unlike.Take(40))}";

    public static void Tell(string row, HeardCall heard, int kills, string more)
    {
        double spoken = heard.Tracks.Sum(track => track.Spoken) / 100.0, missing = heard.Tracks.Sum(track => track.Missing.Count) / 100.0;
        int lag = heard.Tracks.Max(track => Math.Abs(track.Lag)) * 10;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{row}: {kills} kills, {heard.Recording.SegmentCount} segments, {spoken:F1} s of speech, "
                + $"{heard.Tracks.Sum(track => track.Twice) * 10} ms twice, {lag} ms off, likeness "
                + $"{heard.Tracks.Min(track => track.Likeness):F4}, {heard.Recording.Gaps.Count} gaps, {missing:F2} s missing{more}"));
    }
}
