using System.Text.RegularExpressions;
using Pipeline.DiscordSimulator.Run;
using Pipeline.TestKit;

namespace Pipeline.DiscordSimulator.Tests.Run;

/// <summary>What the pages say to type is what the simulator takes.</summary>
public sealed partial class DocumentedRunTests
{
    public static TheoryData<string> Lines => [.. new[] { "README.md", "tests/Pipeline.DiscordSimulator/README.md" }
        .SelectMany(page => Line().Matches(File.ReadAllText(RepositoryRoot.Combine(page)))).Select(match => match.Groups[1].Value.Trim())
        .Distinct()];

    [Theory]
    [MemberData(nameof(Lines))]
    public void Line_is_understood(string line)
    {
        // Typed at the repository's root.
        RunOptions options = RunOptions.Parse([.. line.Split(' ')
            .Select(word => word.Replace("=tests/", $"={RepositoryRoot.Combine("tests")}/", StringComparison.Ordinal))]);
        Assert.NotEmpty(options.Speakers);
        Assert.NotNull(options.RecordStartAfter);
        Assert.Equal("discord.env", options.EnvironmentFile);
    }

    [GeneratedRegex(@"--project tests/Pipeline\.DiscordSimulator -- ([^#`\n]+)")]
    private static partial Regex Line();
}
