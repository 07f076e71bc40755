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
        string[] found = [.. SourceFile.Paths("*.cs", "bot", "functions", "shared")
            .Where(path => !Judges.Contains(path))
            .SelectMany(path => File.ReadLines(RepositoryRoot.Combine(path)).Select((text, index) => (path, text, number: index + 1)))
            .Where(line => Words().IsMatch(line.text))
            .Select(line => $"{line.path}:{line.number}: {line.text.Trim()}")];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [GeneratedRegex(@"\b(problem|failure|fault|unreadable|exception|gone)\.Message\b")]
    private static partial Regex Words();
}
