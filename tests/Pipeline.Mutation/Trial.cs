using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Pipeline.Mutation;

/// <summary>How one mutation ended.</summary>
internal enum TrialResult
{
    /// <summary>A test failed.</summary>
    Killed,

    /// <summary>Every test passed.</summary>
    Survived,

    /// <summary>A run did not end within its limit; counted as killed and named, because a hang hides what is wrong.</summary>
    TimedOut,

    /// <summary>The mutated program does not compile; another mutation is drawn.</summary>
    NotCompiled,
}

/// <summary>Tries mutations that are all in one build: each is one run of the tests that come by it, until one fails.</summary>
/// <param name="root">A copy of the tree; its files are changed while it is built.</param>
/// <param name="tests">Filter of the tests that are run at all, none for whole projects.</param>
internal sealed partial class Trial(
    string root, TestMap map, int distance, IReadOnlyList<Mutation> mutations, string[] tests)
{
    private readonly SwitchedTree tree = new(root, mutations);
    private readonly ConcurrentDictionary<string, Baseline> baselines = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> turns = new();

    /// <summary>A run may take three times what it takes without a mutation, and this.</summary>
    public TimeSpan Slack { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many test projects run beside each other. One of them runs once at a time: its tests may write into the tree.</summary>
    public int AtOnce { get; set; } = 1;

    /// <summary>Whether tests that take long run too.</summary>
    public bool IsLong { get; set; }

    /// <summary>
    /// Builds all, and runs the tests without a mutation: one that fails then would be taken for one that notices, and is left out. Null
    /// when that can be done, else what failed.
    /// </summary>
    /// <param name="within">For one run of one test project.</param>
    public async Task<string?> PrepareAsync(TimeSpan within)
    {
        string[] projects = [.. mutations.SelectMany(mutation => map.For(mutation.File, distance)).Distinct()];
        if (await tree.BuildAsync(projects) is { } notBuilt) return notBuilt;
        ConcurrentQueue<string> broken = new();
        await Parallel.ForEachAsync(projects, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (project, _) =>
        {
            if (!broken.IsEmpty) return;
            (Baseline? baseline, string failure) = await Baseline.MeasureAsync(root, project, IsLong, tests, within);
            if (baseline is null) broken.Enqueue($"{project}: {failure}");
            else baselines[project] = baseline;
        });
        return broken.FirstOrDefault();
    }

    /// <summary>Tests that fail without any mutation.</summary>
    public IEnumerable<string> LeftOut => baselines.Values.SelectMany(baseline => baseline.LeftOut).Order(StringComparer.Ordinal);

    public bool Compiles(int id) => tree.Compiled.Contains(id);

    /// <summary>The result, and the test that killed it, the run that hung, or the projects that did not notice.</summary>
    /// <param name="id">Place in the list of mutations, from one.</param>
    public async Task<(TrialResult Result, string By)> RunAsync(int id)
    {
        if (!Compiles(id)) return (TrialResult.NotCompiled, "");
        List<string> asked = [];
        // The short runs of all projects first.
        foreach ((string project, string[] filter, TimeSpan time) in map.For(mutations[id - 1].File, distance)
            .SelectMany(project => baselines[project].Runs(id, tree.IsOnce(id)).Select(run => (project, run.Filter, run.Time)))
            .OrderBy(run => run.Time))
        {
            if (await RunAsync(id, project, filter, 3 * time + Slack) is { } end) return end;
            if (!asked.Contains(project)) asked.Add(project);
        }
        return (TrialResult.Survived, asked.Count > 0 ? string.Join(", ", asked) : "any test: none comes by");
    }

    /// <summary>The tests that a run names as failed.</summary>
    public static IEnumerable<string> AllNamed(string output) => Failed().Matches(output).Select(failed => failed.Groups[1].Value);

    /// <summary>Filter of some tests by name.</summary>
    public static string[] Only(IEnumerable<string> tests) => [.. tests.SelectMany(test => (string[])["--filter-method", test])];

    /// <summary>
    /// Null where it passes. A test that fails once may be unsteady: it has noticed when it, or something else of the same run, fails
    /// once more.
    /// </summary>
    private async Task<(TrialResult Result, string By)?> RunAsync(int id, string project, string[] filter, TimeSpan limit)
    {
        (int? code, string output) = await TestAsync(id, project, filter, limit);
        if (code is not null and not 0 && AllNamed(output).FirstOrDefault() is { } first)
        {
            (code, string alone) = await TestAsync(id, project, Only([first]), limit);
            if (code == 0) (code, output) = await TestAsync(id, project, filter, limit);
            else if (code is not null) output = alone;
        }
        return code switch
        {
            null => (TrialResult.TimedOut, $"{project} after {limit.TotalSeconds:0} s; last passed: "
                + $"{Passed().Matches(output).LastOrDefault()?.Groups[1].Value ?? "none"}"),
            0 => null,
            _ => (TrialResult.Killed, AllNamed(output).FirstOrDefault() ?? $"{project} ended with {code}"),
        };
    }

    private async Task<(int? Code, string Output)> TestAsync(int id, string project, string[] filter, TimeSpan limit)
    {
        SemaphoreSlim turn = turns.GetOrAdd(project, _ => new SemaphoreSlim(1));
        await turn.WaitAsync();
        try
        {
            return await TestProgram.TestAsync(
                root, project, IsLong, ["--stop-on-fail", "on", .. filter], [(MutationSwitch.Variable, $"{id}")], limit);
        }
        finally
        {
            turn.Release();
        }
    }

    [GeneratedRegex(@"^failed ([\w.+]+)", RegexOptions.Multiline)]
    private static partial Regex Failed();

    [GeneratedRegex(@"^passed (\S+)", RegexOptions.Multiline)]
    private static partial Regex Passed();
}
