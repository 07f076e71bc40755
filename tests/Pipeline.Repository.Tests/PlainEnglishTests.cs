using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>
/// Words that a reader has to think about have a common one instead: over names, comments, texts, scripts and documents. The pattern is
/// at the left, what to write instead at the right.
/// </summary>
public sealed class PlainEnglishTests
{
    private static readonly Dictionary<string, string> Instead = new()
    {
        [@"\banew\b"] = "again, once more",
        [@"\bwhoever\b"] = "the one who, those who",
        ["all the same"] = "still, even so",
        ["makes no sense"] = "cannot be understood",
        ["nobody else would"] = "only this does",
        ["lies well"] = "fits",
        [@"\bdoors?\b"] = "the start, the end, the edge of what is meant",
        [@"\b(this|capture|commands|Discord's|gateway|REST|recordings'|upload|voice) rooms?\b"] = "the folder's or the class's name",
        [@"\b(heretofore|hitherto|thereof|whereof|wherein|whence|hence|lest)\b"] = "a short common word",
        ["ThrownOut"] = "DisconnectReason",
        ["SpokenName"] = "Nickname",
        ["ChannelVoice"] = "ChannelMessages",
        ["GapKeeper"] = "GapReasons",
        ["ManifestKeeper"] = "LiveManifest",
        [@"\bDeparture\b"] = "ShutdownOrder",
        [@"\bStandBy\b"] = "WarmStandby",
    };

    private static readonly string[] Patterns = ["*.cs", "*.md", "*.sh", "*.yml", "*.bicep", "*.csproj"];

    [Fact]
    public void Sources_and_documents_use_common_words()
    {
        string[] files = [.. Patterns.SelectMany(pattern =>
            SourceFile.Paths(pattern, "bicep", "bot", "functions", "infra", "shared", "tests", ".github"))
            .Append("README.md").Where(file => !file.EndsWith(nameof(PlainEnglishTests) + ".cs", StringComparison.Ordinal))];
        Assert.True(files.Length > 100, $"only {files.Length} files were found");
        string[] found = [.. files.SelectMany(Judge)];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    private static IEnumerable<string> Judge(string file)
    {
        string text = File.ReadAllText(RepositoryRoot.Combine(file));
        foreach ((string pattern, string better) in Instead)
        {
            foreach (Match match in Regex.Matches(text, pattern, pattern.Any(char.IsUpper) ? RegexOptions.None : RegexOptions.IgnoreCase))
            {
                yield return $"{file}:{text.AsSpan(0, match.Index).Count('\n') + 1}: \"{match.Value}\"; write: {better}";
            }
        }
    }
}
