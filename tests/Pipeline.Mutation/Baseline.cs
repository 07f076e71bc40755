using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Pipeline.Mutation;

/// <summary>One run of a test project without any mutation: what its classes take, and which of them come by which mutation.</summary>
internal sealed partial class Baseline
{
    // More than so many say that something else is wrong, and all of them run once more.
    private const int FewFailures = 10;

    private readonly ILookup<int, string> reach;
    private readonly Dictionary<string, TimeSpan> durations = [];
    private readonly TimeSpan whole;
    private readonly string[] all;

    /// <param name="output">What the run printed.</param>
    /// <param name="whole">How long it took.</param>
    /// <param name="reach">Test classes by the number of the mutation that they come by.</param>
    /// <param name="all">Filter of what was run.</param>
    public Baseline(string output, TimeSpan whole, ILookup<int, string> reach, string[] all)
    {
        (this.whole, this.reach, this.all) = (whole, reach, all);
        string[] classes = [.. reach.SelectMany(one => one).Distinct()];
        foreach (Match passed in Passed().Matches(output))
        {
            string? name = classes.FirstOrDefault(name => passed.Groups[1].Value.StartsWith(name + ".", StringComparison.Ordinal));
            if (name is not null) durations[name] = durations.GetValueOrDefault(name) + Duration(passed);
        }
    }

    /// <summary>Runs it. Nothing where a test fails, which is then named.</summary>
    /// <param name="all">Filter of what is run, none for the whole project.</param>
    /// <param name="isLong">With the tests that take long.</param>
    public static async Task<(Baseline? Baseline, string Failure)> MeasureAsync(
        string root, string project, bool isLong, string[] all, TimeSpan within)
    {
        string trace = Directory.CreateDirectory(Path.Combine(root, "tests", project, "obj", "mutation-trace")).FullName;
        Stopwatch watch = Stopwatch.StartNew();
        (int? code, string output) =
            await TestProgram.TestAsync(root, project, isLong, all, [(MutationSwitch.TraceVariable, trace)], within);
        if (code is not null and not 0)
        {
            // The trace takes time and memory, which some tests count; what passes without it is no failure.
            string[] few = [.. Trial.AllNamed(output).Distinct()];
            string[] again = few.Length is > 0 and <= FewFailures ? Trial.Only(few) : all;
            (code, string plain) = await TestProgram.TestAsync(root, project, isLong, again, [], within);
            if (code is not null and not 0) return (null, Trial.AllNamed(plain).FirstOrDefault() ?? $"ended with {code}");
        }
        if (code is null) return (null, $"no end after {within.TotalMinutes:0} min");
        ILookup<int, string> reach = Directory.EnumerateFiles(trace).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', 2))
            .ToLookup(pair => int.Parse(pair[0], CultureInfo.InvariantCulture), pair => pair[1]);
        return (new Baseline(output, watch.Elapsed, reach, all), "");
    }

    /// <summary>
    /// The runs that a mutation needs, and how long each takes without it: the classes that come by it, short ones first, and the whole
    /// project where something shared or started by a test comes by. None where nothing does.
    /// </summary>
    public IEnumerable<(string[] Filter, TimeSpan Time)> Runs(int id, bool isOnce)
    {
        string[] classes = [.. reach[id].Distinct()];
        string[] known = [.. classes.Where(name => name != MutationSwitch.AnyClass).OrderBy(Time)];
        int few = known.Count(name => Time(name) < TimeSpan.FromSeconds(2));
        foreach (string[] part in (string[][])[known[..few], known[few..]])
        {
            if (part.Length == 0) continue;
            string[] filter = [.. part.SelectMany(name => (string[])["--filter-class", name])];
            yield return (filter, part.Select(Time).Aggregate(TimeSpan.Zero, Add));
        }
        if (classes.Length > 0 && (isOnce || known.Length < classes.Length)) yield return (all, whole);
    }

    private static TimeSpan Add(TimeSpan one, TimeSpan other) => one + other;

    private static TimeSpan Duration(Match passed) => new(0, Part(passed, 2), Part(passed, 3), Part(passed, 4), Part(passed, 5));

    private static int Part(Match passed, int group) =>
        passed.Groups[group].Success ? int.Parse(passed.Groups[group].Value, CultureInfo.InvariantCulture) : 0;

    private TimeSpan Time(string name) => durations.GetValueOrDefault(name);

    [GeneratedRegex(@"^passed (.+) \((?:(\d+)h )?(?:(\d+)m )?(?:(\d+)s )?(\d+)ms\)\r?$", RegexOptions.Multiline)]
    private static partial Regex Passed();
}
