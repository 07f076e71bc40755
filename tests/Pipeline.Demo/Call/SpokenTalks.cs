using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>
/// What somebody said, talk by talk, beside what was made of it. Between two talks there are pauses that the clip does not have, so
/// that each of them is looked for by itself.
/// </summary>
/// <param name="clip">Everything, as mono samples at 48 kHz.</param>
/// <param name="spoken">The talks into which it was cut, in order.</param>
internal sealed class SpokenTalks(float[] clip, IReadOnlyList<OpusClip> spoken)
{
    // Five lost packets are little in twelve seconds and much in two.
    private const double LeastCorrelation = 0.8, LeastOfOneTalk = 0.5, LeastInMix = 0.3;
    private static readonly TimeSpan MostError = TimeSpan.FromMilliseconds(20);

    /// <summary>How well a track and the mix hold what was said.</summary>
    /// <param name="Correlation">In the track.</param>
    /// <param name="WorstWindow">Within a talk.</param>
    internal sealed record Verdict(double Correlation, TimeSpan WorstWindow, bool IsGood);

    /// <summary>Where each talk lies in the clip, in samples.</summary>
    public IReadOnlyList<(int From, int Length)> Parts { get; } = Cut(clip.Length, spoken);

    /// <summary>Where each talk stands in a track.</summary>
    public IReadOnlyList<SpeechAlignment> Find(float[] track) =>
        [.. Parts.Select(part => SpeechAlignment.Find(clip.AsSpan(part.From, part.Length), track))];

    /// <summary>Every talk is whole in the track, and in the mix, among other voices, at the same place.</summary>
    public Verdict Compare(float[] track, float[] mix)
    {
        if (Parts.Count == 0) return new Verdict(0, TimeSpan.Zero, false);
        IReadOnlyList<SpeechAlignment> alone = Find(track);
        SpeechAlignment[] together = [.. Parts.Zip(alone, (part, place) =>
            SpeechAlignment.FindNear(clip.AsSpan(part.From, part.Length), mix, place.Position))];
        // A talk may be the softest one for its whole length; all of them together are not.
        bool isThere = Correlation(together) >= LeastInMix
            && together.Zip(alone).All(pair => (pair.First.Position - pair.Second.Position).Duration() <= MostError);
        Verdict verdict = Judge(alone);
        return verdict with { IsGood = verdict.IsGood && isThere };
    }

    /// <summary>How well a track holds what was said.</summary>
    /// <param name="places">Of each talk, from <see cref="Find"/>.</param>
    public Verdict Judge(IReadOnlyList<SpeechAlignment> places)
    {
        double correlation = Correlation(places);
        TimeSpan worst = places.Max(talk => talk.WorstWindow);
        return new Verdict(correlation, worst, correlation >= LeastCorrelation && worst <= MostError
            && places.All(talk => talk.Correlation >= LeastOfOneTalk));
    }

    private double Correlation(IEnumerable<SpeechAlignment> places) =>
        places.Zip(Parts, (talk, part) => talk.Correlation * part.Length).Sum() / Parts.Sum(part => part.Length);

    private static List<(int, int)> Cut(int total, IReadOnlyList<OpusClip> spoken)
    {
        List<(int, int)> parts = [];
        int from = 0;
        foreach (OpusClip talk in spoken)
        {
            int length = Math.Min(talk.Frames.Sum(frame => frame.Samples), total - from);
            parts.Add((from, length));
            from += length;
        }
        return parts;
    }
}
