using System.Xml.Linq;

namespace Pipeline.Mutation;

/// <summary>Which test projects cover which product project: those that refer to it, the nearest first.</summary>
internal sealed class TestMap
{
    private readonly Dictionary<string, string[]> references;

    /// <param name="root">Folder of the tree.</param>
    public TestMap(string root)
    {
        references = Directory.EnumerateFiles(root, "*.csproj", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), References);
    }

    /// <summary>
    /// The test projects for a file, nearest first: the one of the same name, then those that refer to the project directly, then the rest
    /// by the length of the way.
    /// </summary>
    /// <param name="file">Path from the root, <c>bot/Pipeline.Mls/Tree/TreeMath.cs</c>.</param>
    /// <param name="distance">How many references there may be between a test project and the product project.</param>
    public IReadOnlyList<string> For(string file, int distance)
    {
        string project = file.Split('/')[1];
        return [.. references.Keys
            .Where(name => name.EndsWith(".Tests", StringComparison.Ordinal))
            .Select(name => (Name: name, Way: name == project + ".Tests" ? 0 : Way(name, project)))
            .Where(test => test.Way <= distance)
            .OrderBy(test => test.Way).ThenBy(test => test.Name, StringComparer.Ordinal)
            .Select(test => test.Name)];
    }

    private int Way(string from, string to)
    {
        HashSet<string> seen = [from];
        List<string> here = [from];
        for (int way = 1; here.Count > 0; way++)
        {
            here = [.. here.SelectMany(name => references.GetValueOrDefault(name) ?? []).Where(seen.Add)];
            if (here.Contains(to)) return way;
        }
        return int.MaxValue;
    }

    private static string[] References(string project) =>
        [.. XDocument.Load(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))];
}
