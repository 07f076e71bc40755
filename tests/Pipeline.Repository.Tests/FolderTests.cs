using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>
/// Folders: their names are their files' namespaces, what each may know of the others, and how large they are. What a file knows is read
/// from its using directives, its qualified names and the types of the folder above it.
/// </summary>
public sealed partial class FolderTests
{
    private const int Fewest = 4, Most = 25;

    /// <summary>By project: each folder and those that it may know.</summary>
    private static readonly Dictionary<string, Dictionary<string, string[]>> Matrix = new()
    {
        ["bot/Pipeline.Bot"] = new()
        {
            [""] = ["Cli"],
            ["AutoRecord"] = ["Calls", "Commands", "Guilds", "Observability", "Panel", "Recordings", "ServerSettings", "Spool"],
            ["Retention"] = ["Calls", "Commands", "Guilds", "Observability", "Panel", "ServerSettings", "Spool"],
            ["Cli"] = ["AutoRecord", "Calls", "Cli/Settings", "Capture", "Commands", "Guilds", "Hosting", "Observability", "Panel",
                "Recordings", "Replay", "Retention", "ServerSettings", "Spool", "Storage"],
            ["Cli/Settings"] = ["Capture", "Guilds", "Hosting", "Recordings", "ServerSettings", "Spool", "Storage"],
            ["Capture"] = ["Spool"],
            ["Spool"] = ["Observability"],
            ["Storage"] = ["Observability"],
            ["Recordings"] = ["Capture", "Observability", "Spool", "Storage"],
            ["Calls"] = ["Capture", "Observability", "Panel", "Recordings", "ServerSettings"],
            ["Guilds"] = ["Calls", "Observability", "Panel", "Recordings", "ServerSettings", "Spool"],
            ["Commands"] = ["Calls", "Capture", "Guilds", "Observability", "Panel", "Recordings", "ServerSettings"],
            ["Panel"] = ["Capture", "Observability", "Recordings", "ServerSettings", "Spool"],
            ["ServerSettings"] = ["Observability", "Spool"],
            ["Hosting"] = ["Observability", "Recordings", "ServerSettings", "Spool", "Storage"],
            ["Observability"] = [],
            ["Replay"] = ["Capture", "Observability", "Recordings", "ServerSettings", "Spool", "Storage"],
        },
        ["bot/Pipeline.Discord"] = new()
        {
            ["Model"] = [],
            ["Rest"] = ["Model"],
            ["Gateway"] = ["Model", "Rest"],
            ["Rtp"] = [],
            ["Media"] = ["Rtp"],
            ["Voice/Session"] = ["Media", "Rest", "Rtp"],
            ["Voice/Call"] = ["Gateway", "Media", "Model", "Voice/Session"],
        },
        ["bot/Pipeline.Dave"] = new()
        {
            ["Frames"] = [],
            ["Codes"] = [],
            ["Keys"] = ["Frames"],
            ["Session"] = ["Codes"],
            ["Receive"] = ["Frames", "Keys", "Session"],
        },
        ["bot/Pipeline.Mls"] = new()
        {
            ["Wire"] = [],
            ["Crypto"] = ["Wire"],
            ["Tree"] = ["Crypto", "Wire"],
            ["Messages"] = ["Crypto", "Tree", "Wire"],
            ["Schedule"] = ["Crypto", "Messages", "Wire"],
            ["Group"] = ["Crypto", "Messages", "Schedule", "Tree", "Wire"],
        },
        ["functions/Pipeline.Delivery"] = new()
        {
            [""] = ["ApiClient", "Finalize", "Invocations", "Ledger", "Segments", "Sweep"],
            ["Ledger"] = [],
            ["ApiClient"] = ["Ledger"],
            ["Segments"] = ["ApiClient", "Ledger"],
            ["Finalize"] = ["ApiClient", "Ledger", "Segments"],
            ["Sweep"] = ["Ledger", "Segments"],
            ["Invocations"] = ["ApiClient", "Finalize", "Segments", "Sweep"],
        },
        ["functions/Pipeline.RecordingApi"] = new()
        {
            [""] = ["Catalogue", "Deletion", "Document", "Events", "Guilds", "Http", "Live", "Page", "Recordings", "Render", "Shares",
                "Transcripts", "Webhooks"],
            ["Catalogue"] = [],
            ["Http"] = [],
            ["Events"] = ["Catalogue", "Http"],
            ["Guilds"] = ["Http"],
            ["Shares"] = ["Catalogue", "Http"],
            ["Document"] = ["Catalogue", "Http", "Shares"],
            ["Page"] = ["Http", "Shares"],
            ["Webhooks"] = ["Events", "Http"],
            ["Render"] = ["Catalogue", "Events", "Http"],
            ["Live"] = ["Catalogue", "Http", "Render", "Shares"],
            ["Transcripts"] = ["Catalogue", "Events", "Guilds", "Render"],
            ["Recordings"] = ["Catalogue", "Events", "Guilds", "Http", "Live", "Render", "Shares", "Transcripts"],
            ["Deletion"] = ["Catalogue", "Events", "Http", "Recordings", "Render", "Transcripts"],
        },
    };

    public static TheoryData<string> Projects => [.. Matrix.Keys];

    [Fact]
    public void Namespace_is_the_folder()
    {
        string[] strangers = [.. SourceFile.All("bot", "functions", "shared", "tests")
            .Where(file => file.Namespace is { } name && name != file.Expected)
            .Select(file => $"{file.Path}: {file.Namespace}, not {file.Expected}")];
        Assert.True(strangers.Length == 0, string.Join('\n', strangers));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folder_knows_only_those_that_it_may(string project)
    {
        SourceFile[] files = FilesOf(project);
        Dictionary<string, string[]> allowed = Matrix[project];
        Assert.Equal(allowed.Keys.Order(StringComparer.Ordinal),
            files.Select(file => file.Folder).Distinct().Order(StringComparer.Ordinal));
        string[] strangers = [.. files.SelectMany(file =>
            Known(file, files).Except(allowed[file.Folder]).Select(other => $"{file.Path} knows {other}"))];
        Assert.True(strangers.Length == 0, string.Join('\n', strangers));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_have_no_cycle(string project)
    {
        SourceFile[] files = FilesOf(project);
        Dictionary<string, HashSet<string>> arrows = files.GroupBy(file => file.Folder)
            .ToDictionary(folder => folder.Key, folder => folder.SelectMany(file => Known(file, files)).ToHashSet());
        Assert.NotEmpty(arrows.Values.SelectMany(others => others));
        while (arrows.FirstOrDefault(folder => folder.Value.Count == 0) is { Key: { } leaf })
        {
            arrows.Remove(leaf);
            foreach (HashSet<string> others in arrows.Values) others.Remove(leaf);
        }
        Assert.True(arrows.Count == 0, $"a cycle runs through {string.Join(", ", arrows.Keys)}");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folder_holds_4_to_25_files(string project)
    {
        string[] strangers = [.. FilesOf(project).Where(file => file.Folder.Length > 0).GroupBy(file => file.Folder)
            .Where(folder => folder.Count() is < Fewest or > Most)
            .Select(folder => $"{project}/{folder.Key} holds {folder.Count()}")];
        Assert.True(strangers.Length == 0, string.Join(", ", strangers));
    }

    private static SourceFile[] FilesOf(string project) => [.. SourceFile.All(project)];

    private static IEnumerable<string> Known(SourceFile file, SourceFile[] project)
    {
        string root = file.Project;
        string[] folders = [.. project.Select(other => other.Folder).Where(folder => folder.Length > 0).Distinct()
            .OrderByDescending(folder => folder.Length)];
        IEnumerable<string> named = QualifiedName().Matches(file.Code)
            .Select(match => match.Value.StartsWith("Pipeline.", StringComparison.Ordinal) ? match.Value : $"Pipeline.{match.Value}")
            .Select(name => folders.FirstOrDefault(folder => IsIn(name, $"{root}.{folder.Replace('/', '.')}")))
            .OfType<string>();
        // A nested namespace sees the types of those around it without a using directive.
        IEnumerable<string> above = project.Where(other =>
            other.Folder != file.Folder && file.Folder.StartsWith(other.Folder + "/", StringComparison.Ordinal))
            .Where(other => other.Types.Any(type => Regex.IsMatch(file.Code, $@"(?<![\w.]){type}\b")))
            .Select(other => other.Folder);
        return named.Concat(above).Where(folder => folder != file.Folder).Distinct();
    }

    private static bool IsIn(string name, string space) => name == space || name.StartsWith(space + ".", StringComparison.Ordinal);

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w+(\.[A-Z]\w+)+")]
    private static partial Regex QualifiedName();
}
