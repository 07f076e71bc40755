using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Pipeline.Mutation;

/// <summary>One run of a test project without any mutation: what its classes take, and which of them come by which mutation.</summary>
internal sealed partial class Baseline
{
    // More than so many say that something else is wrong.
    private const int FewFailures = 10;

    // What a class shares is made before its first test, and what it started may live on behind its last.
    private static readonly TimeSpan before = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan behind = TimeSpan.FromSeconds(5);

    private readonly ILookup<int, string> reach;
    private readonly Dictionary<string, (DateTimeOffset From, DateTimeOffset To)> spans = [];
    private readonly Dictionary<string, TimeSpan> durations = [];
    private readonly TimeSpan whole;
    private readonly string[] all;

    /// <param name="output">What the run printed, and when.</param>
    /// <param name="whole">How long it took.</param>
    /// <param name="reach">Test classes by the number of the mutation that they come by.</param>
    /// <param name="all">Filter of what was run.</param>
    public Baseline(IEnumerable<(DateTimeOffset At, string Line)> output, TimeSpan whole, ILookup<int, string> reach, string[] all)
    {
        (this.whole, this.reach, this.all) = (whole, reach, all);
        foreach ((DateTimeOffset at, string line) in output)
        {
            if (Passed().Match(line) is not { Success: true } passed) continue;
            (string name, TimeSpan time) = (passed.Groups[1].Value, Duration(passed));
            durations[name] = durations.GetValueOrDefault(name) + time;
            (DateTimeOffset from, DateTimeOffset to) = spans.GetValueOrDefault(name, (at - time, at));
            spans[name] = (at - time < from ? at - time : from, at > to ? at : to);
        }
    }

    /// <summary>Tests that fail in this build without any mutation, and are asked about none.</summary>
    public IReadOnlyList<string> LeftOut { get; private init; } = [];

    /// <summary>
    /// Runs it. A test that fails twice without any mutation is left out: it may count what watching takes, or look at how the product is
    /// built. Nothing where many fail, of which one is then named.
    /// </summary>
    /// <param name="all">Filter of what is run, none for the whole project.</param>
    /// <param name="isLong">With the tests that take long.</param>
    public static async Task<(Baseline? Baseline, string Failure)> MeasureAsync(
        string root, string project, bool isLong, string[] all, TimeSpan within)
    {
        string trace = Directory.CreateDirectory(Path.Combine(root, "tests", project, "obj", "mutation-trace")).FullName;
        Stopwatch watch = Stopwatch.StartNew();
        List<(DateTimeOffset At, string Line)> lines = [];
        (int? code, string output) = await TestProgram.TestAsync(root, project, isLong, all,
            [(MutationSwitch.TraceVariable, trace)], within, line => lines.Add((DateTimeOffset.UtcNow, line)));
        TimeSpan whole = watch.Elapsed;
        string[] leftOut = [];
        if (code is not null and not 0)
        {
            // The trace takes time and memory, which some tests count; what passes without it is no failure.
            leftOut = [.. Trial.AllNamed(output).Distinct()];
            string[] again = leftOut.Length is > 0 and <= FewFailures ? Trial.Only(leftOut) : all;
            (code, string plain) = await TestProgram.TestAsync(root, project, isLong, again, [], within);
            leftOut = [.. Trial.AllNamed(plain).Distinct()];
            if (code is not null and not 0 && leftOut.Length is 0 or > FewFailures)
                return (null, leftOut.FirstOrDefault() ?? $"ended with {code}");
        }
        if (code is null) return (null, $"no end after {within.TotalMinutes:0} min");
        ILookup<int, string> reach = Directory.EnumerateFiles(trace).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', 2))
            .ToLookup(pair => int.Parse(pair[0], CultureInfo.InvariantCulture), pair => pair[1]);
        return (new Baseline(lines, whole, reach, all) { LeftOut = leftOut }, "");
    }

    /// <summary>
    /// The runs that a mutation needs, and how long each takes without it: the classes that come by it, short ones first. Where something
    /// shared or started by a test comes by, the classes that were under way just then follow, and then the whole project, so that what is
    /// noticed is mostly noticed soon. None where nothing comes by.
    /// </summary>
    public IEnumerable<(string[] Filter, TimeSpan Time)> Runs(int id, bool isOnce)
    {
        string[] passers = [.. reach[id].Distinct()];
        string[] known = [.. passers.Where(name => !IsUnknown(name)).OrderBy(Time)];
        string[] without = [.. LeftOut.SelectMany(test => (string[])["--filter-not-method", test])];
        int few = known.Count(name => Time(name) < TimeSpan.FromSeconds(2));
        string[] beside = [.. Beside(passers.Where(IsUnknown)).Except(known)];
        foreach (string[] part in (string[][])[known[..few], known[few..], 2 * beside.Length < spans.Count ? beside : []])
        {
            if (part.Length == 0) continue;
            string[] filter = [.. part.SelectMany(name => (string[])["--filter-class", name])];
            yield return ([.. filter, .. without], part.Select(Time).Aggregate(TimeSpan.Zero, Add));
        }
        if (passers.Length > 0 && (isOnce || known.Length < passers.Length)) yield return ([.. all, .. without], whole);
    }

    private static bool IsUnknown(string passer) => passer.StartsWith(MutationSwitch.AnyClass, StringComparison.Ordinal);

    /// <summary>The classes of which a test, or what it needs, was under way at one of these seconds.</summary>
    private IEnumerable<string> Beside(IEnumerable<string> seconds)
    {
        DateTimeOffset[] times = [.. seconds.Select(name => name[MutationSwitch.AnyClass.Length..])
            .Select(text => DateTimeOffset.FromUnixTimeSeconds(long.Parse(text, CultureInfo.InvariantCulture)))];
        return spans.Where(span => times.Any(time => span.Value.From - before <= time && time <= span.Value.To + behind))
            .Select(span => span.Key).OrderBy(Time);
    }

    private static TimeSpan Add(TimeSpan one, TimeSpan other) => one + other;

    private static TimeSpan Duration(Match passed) => new(0, Part(passed, 2), Part(passed, 3), Part(passed, 4), Part(passed, 5));

    private static int Part(Match passed, int group) =>
        passed.Groups[group].Success ? int.Parse(passed.Groups[group].Value, CultureInfo.InvariantCulture) : 0;

    private TimeSpan Time(string name) => durations.GetValueOrDefault(name);

    // The class is what stands before the last dot before the arguments.
    [GeneratedRegex(@"^passed ([^\s(]+)\.[^\s.(]+(?:\(.*\))? \((?:(\d+)h )?(?:(\d+)m )?(?:(\d+)s )?(\d+)ms\)$")]
    private static partial Regex Passed();
}
