using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>
/// Exceptions of .NET, of the system and of SDKs speak of their own options, headers and paths: what people and the log read is said by
/// <c>Cause</c>, <c>StorageFault.Describe</c> and <c>StorageRetry.Describe</c>.
/// </summary>
public sealed partial class ForeignWordsTests
{
    // These decide what is said, or show messages that are our own (the kind of exception stands beside them).
    private static readonly string[] Judges =
    [
        "shared/Pipeline.Contracts/Cause.cs", "bot/Pipeline.Bot/Storage/StorageRetry.cs", "bot/Pipeline.Bot/Replay/ReplayInput.cs",
        "bot/Pipeline.Discord/Gateway/GatewayShard.cs",
    ];

    [Fact]
    public void Nobody_reads_the_words_of_a_foreign_exception()
    {
        HashSet<string> ours = [.. SourceFile.Paths("*.cs", "bot", "functions", "shared")
            .SelectMany(path => OwnExceptions().Matches(File.ReadAllText(RepositoryRoot.Combine(path))))
            .Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(ours);
        ours.Add(nameof(InvalidDataException)); // what our readers of files say; nothing of .NET that we call says it
        string[] found = [.. SourceFile.Paths("*.cs", "bot", "functions", "shared")
            .Where(path => !Judges.Contains(path))
            .SelectMany(path => Words(path, ours))];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    // name.Message, where the nearest declaration of that name above is of an exception that is not ours.
    private static IEnumerable<string> Words(string path, HashSet<string> ours)
    {
        Dictionary<string, string> types = [];
        int number = 0;
        foreach (string line in File.ReadLines(RepositoryRoot.Combine(path)))
        {
            number++;
            foreach (Match declared in Declarations().Matches(line)) types[declared.Groups[2].Value] = declared.Groups[1].Value;
            foreach (Match word in Messages().Matches(line))
            {
                if (types.TryGetValue(word.Groups[1].Value, out string? type) && !ours.Contains(type))
                    yield return $"{path}:{number}: {type}: {line.Trim()}";
            }
        }
    }

    [GeneratedRegex(@"class (\w+Exception)\b")]
    private static partial Regex OwnExceptions();

    [GeneratedRegex(@"\b(?:\w+\.)*(\w*Exception)\??\s+(\w+)\b")]
    private static partial Regex Declarations();

    [GeneratedRegex(@"\b(\w+)[?!]?\.Message\b")]
    private static partial Regex Messages();
}
