using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Deploy;

/// <summary>What the pages say to type can be typed: the script is there and knows the arguments, the project is there.</summary>
public sealed partial class DocumentedCommandsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly string Readme = File.ReadAllText(RepositoryRoot.Combine("README.md"));

    private static readonly string[] Code = [.. Pages().SelectMany(CodeOf)];

    /// <summary>Each line once: the script, and what stands behind it.</summary>
    public static TheoryData<string, string> ScriptLines
    {
        get
        {
            TheoryData<string, string> lines = [];
            foreach ((string script, string arguments) in Code.SelectMany(code => ScriptLine().Matches(code))
                .Select(match => (match.Groups[1].Value, Plain(match.Groups[2].Value))).Distinct()) lines.Add(script, arguments);
            return lines;
        }
    }

    public static TheoryData<string> Projects => [.. Code.SelectMany(code => ProjectOfDotnet().Matches(code))
        .Select(match => match.Groups[1].Value).Distinct()];

    /// <summary>With <c>--help</c> behind them the arguments are read, and nothing starts.</summary>
    [Theory]
    [MemberData(nameof(ScriptLines))]
    public async Task Script_takes_the_arguments(string script, string arguments)
    {
        string[] words = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(File.Exists(RepositoryRoot.Combine(script)), $"{script} is not there");
        await using ChildProcess run = ChildProcess.Start("bash", [script, .. words, "--help"]);
        int code = await run.WaitForExitAsync(Patience);
        string said = string.Join('\n', run.Lines);
        Assert.True(code == 0, $"'{script} {arguments}' ended with {code}: {said}");
        Assert.All(words.Where(word => word.StartsWith("--", StringComparison.Ordinal)), word => Assert.Contains(word, said));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_that_dotnet_is_given_is_there(string project) => Assert.True(
        File.Exists(RepositoryRoot.Combine(project))
        || File.Exists(RepositoryRoot.Combine(project, $"{Path.GetFileName(project)}.csproj")), $"{project} is not there");

    /// <summary>The first commands of the first page: see it, test it, run it.</summary>
    [Fact]
    public void Readme_begins_with_what_starts_everything()
    {
        string[] first = [.. CodeOf(Readme).TakeWhile(code => !code.StartsWith("dotnet", StringComparison.Ordinal))
            .Where(code => FirstCommand().IsMatch(code))];
        Assert.Equal(["infra/demo.sh", "infra/test.sh", "DISCORD_TOKEN=… infra/run.sh"],
            first.Take(3).Select(code => code.Split('#')[0].Trim()));
        Assert.Contains("3. `DISCORD_TOKEN=… infra/run.sh` starts everything", Readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readme_has_every_argument_of_run()
    {
        await using ChildProcess run = ChildProcess.Start("bash", ["infra/run.sh", "--no-such-argument"]);
        Assert.Equal(2, await run.WaitForExitAsync(Patience));
        string refusal = await run.WaitForLineAsync(line => line.Contains("known: ", StringComparison.Ordinal), Patience);
        string[] known = refusal.Split("known: ")[1].Split(' ');
        Assert.Contains("--data", known);
        string[] told = [.. CodeOf(Readme).SelectMany(code => ScriptLine().Matches(code))
            .Where(match => match.Groups[1].Value == "infra/run.sh").SelectMany(match => Plain(match.Groups[2].Value).Split(' '))];
        Assert.Empty(known.Except(told));
    }

    private static IEnumerable<string> Pages()
    {
        EnumerationOptions below = new() { RecurseSubdirectories = true, MaxRecursionDepth = 1 };
        string[] files = ["README.md", ".github/CONTRIBUTING.md", .. Directory.GetFiles(RepositoryRoot.Combine("infra"), "*.md"),
            .. new[] { "bot", "functions", "shared", "tests" }.SelectMany(folder =>
                Directory.GetFiles(RepositoryRoot.Combine(folder), "README.md", below))];
        return files.Select(file => File.ReadAllText(RepositoryRoot.Combine(file)));
    }

    /// <summary>The lines of fenced blocks, and what stands between single marks.</summary>
    private static IEnumerable<string> CodeOf(string page) => CodePart().Matches(page).SelectMany(part =>
        part.Groups["fenced"].Success ? part.Groups["fenced"].Value.Split('\n') : [part.Groups["inline"].Value.ReplaceLineEndings(" ")]);

    // Marks of what may be left out, and of words that are anybody's.
    private static string Plain(string arguments) => arguments.Replace("[", "", StringComparison.Ordinal)
        .Replace("]", "", StringComparison.Ordinal).Replace(" …", "", StringComparison.Ordinal).Trim();

    [GeneratedRegex(@"^ *```\w*\n(?<fenced>.*?)^ *```|`(?<inline>[^`\n]+(?:\n[^`\n]+)?)`",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodePart();

    [GeneratedRegex(@"(infra/[\w-]+\.sh)((?: [^\s`#();&|]+)*)")]
    private static partial Regex ScriptLine();

    [GeneratedRegex(@"\bdotnet (?:run|build)\b(?: -c Release)?(?: --project)? (\w[\w./]*)")]
    private static partial Regex ProjectOfDotnet();

    [GeneratedRegex(@"^(?:\w+=\S+ )*infra/")]
    private static partial Regex FirstCommand();
}
