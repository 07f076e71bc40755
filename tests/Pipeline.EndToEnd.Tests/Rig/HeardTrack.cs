namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>One speaker's finished track beside what was spoken, in windows of 10 ms since the start of the call.</summary>
/// <param name="Heard">Windows of audible speech that a segment holds.</param>
/// <param name="Missing">Windows of audible speech that no segment holds.</param>
/// <param name="Twice">Windows that more than one segment holds.</param>
/// <param name="Lag">By how many windows the track must be shifted to look most like the source.</param>
/// <param name="Likeness">Correlation of the loudness of what is there with the source at that place, 1 for the same.</param>
internal sealed record HeardTrack(string UserId, int Spoken, IReadOnlyList<int> Heard, IReadOnlyList<int> Missing, int Twice, int Lag,
    double Likeness)
{
    /// <summary>Windows in which the source or what is there is speech and one is four times as loud as the other, as ranges.</summary>
    public IReadOnlyList<string> Unlike { get; private init; } = [];

    public TimeSpan MissingTime => TimeSpan.FromMilliseconds(Missing.Count * 10.0);

    /// <summary>Holds a track's loudness (null where no segment is) to the source's.</summary>
    public static HeardTrack Compare(string userId, double[] spoken, double?[] heard, int twice)
    {
        List<int> missing = [], there = [];
        for (int window = 0; window < spoken.Length; window++)
        {
            if (spoken[window] > SpokenCall.Audible) (window >= heard.Length || heard[window] is null ? missing : there).Add(window);
        }
        int lag = Enumerable.Range(-6, 13).OrderByDescending(shift => Correlation(spoken, heard, shift)).ThenBy(Math.Abs).First();
        return new HeardTrack(userId, missing.Count + there.Count, there, missing, twice, lag, Correlation(spoken, heard, 0))
        {
            Unlike = [.. Ranges(spoken, heard)],
        };
    }

    private static IEnumerable<string> Ranges(double[] spoken, double?[] heard)
    {
        int from = -1, until = -1;
        for (int window = 0; window < spoken.Length && window < heard.Length; window++)
        {
            if (heard[window] is not { } loudness) continue;
            (double less, double more) = (Math.Min(spoken[window], loudness), Math.Max(spoken[window], loudness));
            if (more <= SpokenCall.Audible || more < 4 * less) continue;
            if (until >= 0 && window - until > 10)
            {
                yield return $"{from}-{until}";
                from = -1;
            }
            if (from < 0) from = window;
            until = window;
        }
        if (from >= 0) yield return $"{from}-{until}";
    }

    private static double Correlation(double[] spoken, double?[] heard, int shift)
    {
        List<(double X, double Y)> pairs = [];
        for (int window = Math.Max(0, -shift); window < spoken.Length && window + shift < heard.Length; window++)
        {
            if (heard[window + shift] is { } loudness) pairs.Add((spoken[window], loudness));
        }
        if (pairs.Count < 50) return 0;
        double meanX = pairs.Average(pair => pair.X), meanY = pairs.Average(pair => pair.Y);
        double xy = pairs.Sum(pair => (pair.X - meanX) * (pair.Y - meanY));
        double xx = pairs.Sum(pair => (pair.X - meanX) * (pair.X - meanX)), yy = pairs.Sum(pair => (pair.Y - meanY) * (pair.Y - meanY));
        return xy / Math.Sqrt(Math.Max(1, xx * yy));
    }
}
