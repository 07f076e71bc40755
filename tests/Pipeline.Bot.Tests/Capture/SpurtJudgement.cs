using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>Where every spurt of a sender lies in a recorded track, against the earliest arrival of its packets.</summary>
internal sealed record SpurtJudgement(double[] Errors, int Missing, SenderScenario Scenario, TrackHealth Health)
{
    private const int Heard = 600; // of 32,767: well under the noise that is spoken, well over what a decoder leaves in silence
    private const double Enough = 0.75; // of a stretch: with a quarter made up it is still like itself, by far

    /// <summary>Ms by which the worst stretch lies outside of what its arrival allows.</summary>
    public double Worst => Errors.DefaultIfEmpty(double.NaN).Max(Math.Abs);

    /// <param name="track">Recorded, mono, from position 0.</param>
    public static SpurtJudgement Of(short[] track, SyntheticSender sender, SenderScenario scenario, TrackHealth health)
    {
        double firstByClock = sender.Spurts.Min(spurt => spurt.Earliest - spurt.Start);
        List<double> errors = [];
        int missing = 0;
        bool[] allowed = new bool[track.Length];
        foreach (Spurt spurt in sender.Spurts)
        {
            // A clock that runs on may know more than one spurt shows.
            double earliest = scenario.ClockStopsInPauses ? spurt.Earliest : firstByClock + spurt.Start;
            LaneComparison found = LaneComparison.OfSpurt(track, sender, spurt, spurt.Earliest);
            missing += found.NotFound.Count(at => sender.Arrived(spurt.Start + at, LaneComparison.StretchSamples) >= Enough);
            double early = (spurt.Earliest - earliest) / 48;
            errors.AddRange(found.Errors.Select(error => error > 0 ? error : Math.Min(0, error + early)));
            int from = Math.Max(0, (int)earliest - 960),
                to = Math.Min(track.Length, (int)(spurt.Earliest + spurt.End - spurt.Start) + (100 * 48));
            if (from < to) allowed.AsSpan(from, to - from).Fill(true);
        }
        int outside = track.Index().Count(sample => Math.Abs((int)sample.Item) > Heard && !allowed[sample.Index]);
        return new SpurtJudgement([.. errors], missing + (outside > 480 ? 1 : 0), scenario, health);
    }

    public override string ToString() => $"{Missing} not where they belong: {Scenario}; {Health}";
}
