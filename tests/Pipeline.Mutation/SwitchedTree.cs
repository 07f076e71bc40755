using System.Globalization;
using System.Text.RegularExpressions;

namespace Pipeline.Mutation;

/// <summary>
/// Builds a copy of the tree once with every mutation of a sample in it, each behind its switch. Those that the compiler refuses are left
/// out, found by the places of its errors. Afterwards the sources are as they were, because some tests read them.
/// </summary>
/// <param name="root">A copy of the tree.</param>
/// <param name="mutations">Number is the place in this list, from one.</param>
internal sealed partial class SwitchedTree(string root, IReadOnlyList<Mutation> mutations)
{
    // The compiler's errors where it wants a constant: initialisers of constants, labels, patterns, attributes, default values.
    private static readonly string[] needsConstant = ["CS0133", "CS0150", "CS0182", "CS1736", "CS9135"];

    private readonly Dictionary<int, bool> isNumber = Enumerable.Range(1, mutations.Count).ToDictionary(id => id, _ => false);
    private Dictionary<string, SwitchedFile> files = [];

    /// <summary>Numbers of those that are in the build.</summary>
    public IReadOnlyCollection<int> Compiled => isNumber.Keys;

    /// <summary>Null when all is built, else what does not build whichever mutations are left out.</summary>
    public async Task<string?> BuildAsync(IReadOnlyList<string> testProjects)
    {
        Dictionary<string, byte[]> originals = mutations.Select(mutation => mutation.File).Distinct()
            .ToDictionary(file => file, file => File.ReadAllBytes(Path.Combine(root, file)));
        string[] switches = [.. originals.Keys.Select(file => string.Join('/', file.Split('/')[..2])).Distinct()
            .Select(project => Path.Combine(root, project, "MutationSwitch.cs"))];
        try
        {
            foreach (string path in switches) await File.WriteAllTextAsync(path, Source());
            Write(originals);
            foreach (string project in testProjects)
            {
                while (await TestProgram.BuildAsync(root, $"tests/{project}") is (not 0, string output))
                {
                    if (!LeaveOut(output)) return $"{project} does not build: {output[^Math.Min(output.Length, 2000)..]}";
                    Write(originals);
                }
            }
            return null;
        }
        finally
        {
            foreach ((string file, byte[] content) in originals) await File.WriteAllBytesAsync(Path.Combine(root, file), content);
            foreach (string path in switches) File.Delete(path);
        }
    }

    /// <summary>Whether a mutation works once in a process, so that the class that comes by first says nothing of the others.</summary>
    public bool IsOnce(int id) => files.Values.Any(file => file.Once.Contains(id));

    private static string Source()
    {
        using StreamReader reader = new(typeof(SwitchedTree).Assembly.GetManifestResourceStream("MutationSwitch.cs")!);
        return "#nullable enable\n" + reader.ReadToEnd();
    }

    private void Write(Dictionary<string, byte[]> originals)
    {
        files = isNumber.GroupBy(one => mutations[one.Key - 1].File).ToDictionary(group => group.Key, group => new SwitchedFile(
            new StreamReader(new MemoryStream(originals[group.Key])).ReadToEnd(),
            group.Select(one => (one.Key, mutations[one.Key - 1], one.Value))));
        foreach ((string file, byte[] content) in originals)
        {
            string path = Path.Combine(root, file);
            byte[] next = files.TryGetValue(file, out SwitchedFile? switched) ? System.Text.Encoding.UTF8.GetBytes(switched.Text) : content;
            if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(next)) File.WriteAllBytes(path, next);
        }
    }

    /// <summary>A number is tried in its other form first. False where no mutation is to blame.</summary>
    private bool LeaveOut(string output)
    {
        HashSet<int> blamed = [.. Errors().Matches(output).SelectMany(Blame)];
        foreach (int id in blamed)
        {
            if (mutations[id - 1].Kind == MutationKind.Constant && !isNumber[id]) isNumber[id] = true;
            else isNumber.Remove(id);
        }
        return blamed.Count > 0;
    }

    private IEnumerable<int> Blame(Match error)
    {
        string path = error.Groups["path"].Value;
        int line = int.Parse(error.Groups["line"].Value, CultureInfo.InvariantCulture);
        int column = int.Parse(error.Groups["column"].Value, CultureInfo.InvariantCulture);
        // A constant that is none any more is missed wherever it is used.
        string text = File.ReadLines(path).ElementAtOrDefault(line - 1) ?? "";
        int[] constants = [.. files.Values.SelectMany(one => one.Constants)
            .Where(constant => Regex.IsMatch(text, $@"\b{constant.Value}\b")).Select(constant => constant.Key)];
        if (constants.Length > 0 && needsConstant.Contains(error.Groups["code"].Value)) return constants;
        if (files.GetValueOrDefault(Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/')) is { } file
            && file.Blame(line, column) is { Count: > 0 } near)
            return near;
        return constants;
    }

    [GeneratedRegex(@"^\s*(?<path>/.+?|[A-Za-z]:.+?)\((?<line>\d+),(?<column>\d+)\): error (?<code>\w+)", RegexOptions.Multiline)]
    private static partial Regex Errors();
}
