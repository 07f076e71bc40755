using Pipeline.TestKit;

namespace Pipeline.Page.Tests;

/// <summary>The page's modules against their own types, and its texts against each other.</summary>
public sealed class TypeCheckTests
{
    private static string Page { get; } = RepositoryRoot.Combine("functions", "Pipeline.RecordingApi", "Page");

    [Fact]
    public async Task Modules_keep_to_their_types()
    {
        string compiler = RepositoryRoot.Combine("tests", "page", "node_modules", ".bin", "tsc");
        Assert.SkipUnless(File.Exists(compiler), $"{compiler} is missing: run infra/setup.sh");
        await using ChildProcess check = ChildProcess.Start(compiler, ["-p", RepositoryRoot.Combine("tests", "page")]);
        int code = await check.WaitForExitAsync(TimeSpan.FromMinutes(2));
        Assert.True(code == 0, string.Join('\n', check.Lines));
    }

    [Fact]
    public void Every_language_has_every_text_with_the_same_places()
    {
        Dictionary<string, string> english = Texts("en");
        Assert.NotEmpty(english);
        foreach (string language in new[] { "de", "fr" })
        {
            Dictionary<string, string> other = Texts(language);
            Assert.Equal(english.Keys.Order(StringComparer.Ordinal), other.Keys.Order(StringComparer.Ordinal));
            Assert.All(english, text => Assert.Equal(Places(text.Value), Places(other[text.Key])));
        }
    }

    [Fact]
    public void Every_text_is_used()
    {
        string code = string.Concat(Directory.GetFiles(Page, "*.js").Select(File.ReadAllText));
        string[] built = ["state_", "reason_", "kind_", "ended_"];
        Assert.All(Texts("en").Keys, key => Assert.True(
            built.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
                || code.Contains($"'{key}'", StringComparison.Ordinal), $"nothing shows the text {key}"));
    }

    private static Dictionary<string, string> Texts(string language) => File.ReadLines(Path.Combine(Page, "texts", $"{language}.js"))
        .Select(line => line.Trim().Split(": ", 2)).Where(parts => parts.Length == 2 && parts[1].StartsWith('\''))
        .ToDictionary(parts => parts[0], parts => parts[1]);

    private static string[] Places(string text) =>
        [.. System.Text.RegularExpressions.Regex.Matches(text, "\\{\\w+\\}").Select(match => match.Value).Order(StringComparer.Ordinal)];
}
