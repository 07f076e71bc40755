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
    private readonly Dictionary<string, Baseline> baselines = [];

    /// <summary>A run may take three times what it takes without a mutation, and this.</summary>
    public TimeSpan Slack { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether tests that take long run too.</summary>
    public bool IsLong { get; set; }

    /// <summary>
    /// Builds all, and runs the tests without a mutation: one that fails then would be taken for one that notices. Null when all pass, else
    /// what failed.
    /// </summary>
    /// <param name="within">For one run of one test project.</param>
    public async Task<string?> PrepareAsync(TimeSpan within)
    {
        string[] projects = [.. mutations.SelectMany(mutation => map.For(mutation.File, distance)).Distinct()];
        if (await tree.BuildAsync(projects) is { } broken) return broken;
        foreach (string project in projects)
        {
            (Baseline? baseline, string failure) = await Baseline.MeasureAsync(root, project, IsLong, tests, within);
            if (baseline is null) return $"{project}: {failure}";
            baselines[project] = baseline;
        }
        return null;
    }

    /// <summary>The result, and the test that killed it, the run that hung, or the projects that did not notice.</summary>
    /// <param name="id">Place in the list of mutations, from one.</param>
    public async Task<(TrialResult Result, string By)> RunAsync(int id)
    {
        if (!tree.Compiled.Contains(id)) return (TrialResult.NotCompiled, "");
        List<string> asked = [];
        foreach (string project in map.For(mutations[id - 1].File, distance))
        {
            foreach ((string[] filter, TimeSpan time) in baselines[project].Runs(id, tree.IsOnce(id)))
            {
                TimeSpan limit = 3 * time + Slack;
                (int? code, string output) = await TestProgram.TestAsync(root, project, IsLong, ["--stop-on-fail", "on", .. filter],
                    [(MutationSwitch.Variable, $"{id}")], limit);
                if (code is null)
                    return (TrialResult.TimedOut, $"{project} after {limit.TotalSeconds:0} s; last passed: "
                        + $"{Passed().Matches(output).LastOrDefault()?.Groups[1].Value ?? "none"}");
                if (code != 0) return (TrialResult.Killed, Named(output) ?? $"{project} ended with {code}");
                if (asked.LastOrDefault() != project) asked.Add(project);
            }
        }
        return (TrialResult.Survived, asked.Count > 0 ? string.Join(", ", asked) : "any test: none comes by");
    }

    /// <summary>The first test that a run names as failed.</summary>
    public static string? Named(string output) => Failed().Match(output) is { Success: true } failed ? failed.Groups[1].Value : null;

    [GeneratedRegex(@"^failed (\S+)", RegexOptions.Multiline)]
    private static partial Regex Failed();

    [GeneratedRegex(@"^passed (\S+)", RegexOptions.Multiline)]
    private static partial Regex Passed();
}
