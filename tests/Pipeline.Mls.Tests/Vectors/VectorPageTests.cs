using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Mls.Tests.Vectors;

/// <summary>Who lacks the vectors reads what they are, where they come from and where they are looked for.</summary>
public sealed partial class VectorPageTests
{
    private static readonly string Page = File.ReadAllText(RepositoryRoot.Combine("tests", "Pipeline.Mls.Tests", "README.md"));

    [Fact]
    public void Page_names_every_file_that_is_read_and_no_other()
    {
        string[] read = [.. Directory.GetFiles(RepositoryRoot.Combine("tests", "Pipeline.Mls.Tests", "Vectors"), "*.cs")
            .SelectMany(file => Read().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(read);
        Assert.Equal(read.Order(StringComparer.Ordinal),
            Named().Matches(Page).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Skipped_test_says_the_count_and_both_places_and_the_page_does_too()
    {
        string said = VectorFile.Missing("welcome.json", 17);
        Assert.StartsWith("welcome.json: 17 cases not run", said, StringComparison.Ordinal);
        foreach (string place in (string[])["PIPELINE_VECTORS", "../shared/vectors/mls", VectorFile.Published])
        {
            Assert.Contains(place, said, StringComparison.Ordinal);
            Assert.Contains(place, Page, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(@"ForEach\(""([\w-]+\.json)""")]
    private static partial Regex Read();

    [GeneratedRegex(@"`([\w-]+\.json)`")]
    private static partial Regex Named();
}
