using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>What a transcript has to hold of somebody who said known sentences in one or several talks.</summary>
internal static class SpokenWords
{
    private const double MostError = 0.3; // seconds

    /// <summary>One talk, in seconds.</summary>
    /// <param name="From">Where it begins in what was to be said.</param>
    /// <param name="FoundAt">Where it begins in the recording.</param>
    internal sealed record Talk(double From, double Length, double FoundAt)
    {
        public static Talk Of((int From, int Length) part, SpeechAlignment found) => new((double)part.From / Pcm.SamplesPerSecond,
            (double)part.Length / Pcm.SamplesPerSecond, found.Position.TotalSeconds);
    }

    /// <summary>
    /// Each sentence where the talk puts it that holds its middle. One that a pause has cut begins no earlier than that talk.
    /// </summary>
    public static IReadOnlyList<(string Text, double Start)> Expected(IEnumerable<DemoEar.Sentence> said, IReadOnlyList<Talk> talks) =>
        [.. said.Select(sentence => (Sentence: sentence, Talk: talks.LastOrDefault(talk => talk.From <= Middle(sentence))))
            .Where(one => one.Talk is not null)
            .Select(one => (one.Sentence.Text, one.Talk!.FoundAt + Math.Max(0, one.Sentence.Start - one.Talk.From)))];

    /// <summary>Every sentence once, in order, at its time.</summary>
    public static bool AreThere(IReadOnlyList<(string Text, double Start)> heard, IReadOnlyList<DemoEar.Sentence> said,
        IReadOnlyList<Talk> talks)
    {
        IReadOnlyList<(string Text, double Start)> expected = Expected(said, talks);
        return expected.Count == said.Count && heard.Select(turn => turn.Text).SequenceEqual(expected.Select(turn => turn.Text))
            && heard.Zip(expected).All(pair => Math.Abs(pair.First.Start - pair.Second.Start) <= MostError);
    }

    /// <summary>A line for each sentence that is missing, at another time, or there and not said.</summary>
    public static IEnumerable<string> Differences(IReadOnlyList<(string Text, double Start)> heard, IReadOnlyList<DemoEar.Sentence> said,
        IReadOnlyList<Talk> talks)
    {
        List<(string Text, double Start)> left = [.. heard];
        foreach ((string text, double start) in Expected(said, talks))
        {
            int at = left.FindIndex(one => one.Text == text);
            if (at < 0) yield return FormattableString.Invariant($"'{text}' is missing, it was said at {start:F2} s");
            else if (Math.Abs(left[at].Start - start) > MostError)
                yield return FormattableString.Invariant($"'{text}' is at {left[at].Start:F2} s, it was said at {start:F2} s");
            if (at >= 0) left.RemoveAt(at);
        }
        foreach ((string text, double start) in left) yield return FormattableString.Invariant($"'{text}' at {start:F2} s was not said");
    }

    private static double Middle(DemoEar.Sentence sentence) => (sentence.Start + sentence.End) / 2;
}
