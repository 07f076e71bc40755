using System.Text.RegularExpressions;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Settings;

/// <summary>What can be set besides the declared settings, and what lies where, is on a page that owners or builders read.</summary>
public sealed partial class DocumentedVariablesTests
{
    // Nobody who runs Pipeline sets these: a program of others has them, or a script or an image has them for itself.
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["AZURE_ENV_NAME"] = "azd sets it to the first argument of deploy.sh",
        ["AZURE_LOCATION"] = "azd sets it to the second argument of deploy.sh",
        ["SERVICE_BOT_IMAGE_NAME"] = "deploy.sh sets it to the image that it has built",
        ["AZURITE_ACCOUNTS"] = "compose.yaml fills it with AZURITE_KEY",
        ["NODE_OPTIONS"] = "compose.yaml loads what makes Azurite durable with it",
        ["DOTNET_GCgen0size"] = "the image tells the runtime of .NET",
        ["CHROMIUM"] = "the browser of the tests: CONTRIBUTING has it",
        ["PWD"] = "the shell's own",
        ["SECONDS"] = "the shell's own",
        ["BASH_REMATCH"] = "the shell's own",
        ["BASH_SOURCE"] = "the shell's own",
        ["BASH_VERSION"] = "the shell's own",
        ["BASH_VERSINFO"] = "the shell's own",
    };

    private static readonly Dictionary<string, string> ExceptionsOfTests = new()
    {
        ["PATH"] = "the machine's own",
        ["MUTATION_TRACE"] = "mutate.sh sets it for the tests that it starts",
    };

    private static readonly string OwnersPages = Pages(
        ["README.md", .. Directory.GetFiles(RepositoryRoot.Combine("infra"), "*.md")]);

    private static readonly string BuildersPages = Pages(
        [".github/CONTRIBUTING.md", .. Directory.GetFiles(RepositoryRoot.Combine("tests"), "README.md", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MaxRecursionDepth = 1
        })]);

    [Fact]
    public void Every_variable_that_is_no_declared_setting_is_on_a_page_for_owners()
    {
        string[] read = [.. Variables()];
        foreach (string known in (string[])["ASPNETCORE_URLS", "AZURITE_KEY", "SETUP_PARTS", "PIPELINE_CELLS", "PIPELINE_ALERT_EMAIL"])
            Assert.Contains(known, read);
        HashSet<string> declared = [.. KnownSettings.Of(Programs.Bot).Concat(KnownSettings.Of(Programs.Functions)).Select(one => one.Name)];
        string[] silent = [.. read.Where(name => !declared.Contains(name) && !Exceptions.ContainsKey(name) && !IsOn(OwnersPages, name))];
        Assert.True(silent.Length == 0, $"neither in README.md nor in infra/*.md: {string.Join(", ", silent)}");
        Assert.Empty(Exceptions.Keys.Except(read));
    }

    [Fact]
    public void Every_variable_that_tests_read_is_on_a_page_for_builders()
    {
        string[] read = [.. Sources("tests").SelectMany(Reads)];
        Assert.Contains("PIPELINE_VECTORS", read);
        string[] silent = [.. read.Where(name => !ExceptionsOfTests.ContainsKey(name) && !IsOn(BuildersPages, name)).Distinct()];
        Assert.True(silent.Length == 0, $"neither in CONTRIBUTING.md nor in a README.md of the tests: {string.Join(", ", silent)}");
        Assert.Empty(ExceptionsOfTests.Keys.Except(read));
    }

    /// <summary>Scripts, the file of compose, the unit of systemd: those who open the folder find each explained.</summary>
    [Fact]
    public void Everything_in_infra_that_can_be_started_is_on_a_page()
    {
        string[] files = [.. Directory.GetFiles(RepositoryRoot.Combine("infra"), "*.sh"),
            .. Directory.GetFiles(RepositoryRoot.Combine("infra"), "compose*.y*ml"),
            .. Directory.GetFiles(RepositoryRoot.Combine("infra", "systemd"))];
        Assert.True(files.Length >= 11, string.Join(' ', files));
        string pages = OwnersPages + BuildersPages;
        string[] silent = [.. files.Select(file => Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/'))
            .Where(file => !pages.Contains(file, StringComparison.Ordinal))];
        Assert.True(silent.Length == 0, $"on no page: {string.Join(", ", silent)}");
        string choice = File.ReadAllText(RepositoryRoot.Combine("infra", "OPERATIONS.md"))
            .Split("## On a machine of your own\n")[1].Split("\n**")[0];
        foreach (string file in (string[])["infra/run.sh", "infra/systemd/pipeline.service", "infra/compose.yaml"])
            Assert.Contains($"`{file}`", choice, StringComparison.Ordinal);
    }

    /// <summary>No deletion reaches what is kept beside the uploads: owners have to know where it lies.</summary>
    [Fact]
    public void Folder_of_what_stays_on_the_disk_is_told()
    {
        string spool = File.ReadAllText(RepositoryRoot.Combine("bot", "Pipeline.Bot", "Spool", "SegmentSpool.cs"));
        string folder = Assert.Single(KeptFolder().Matches(spool)).Groups[1].Value;
        Assert.Contains($"`{folder}/<recording id>/<user id>/` in the spool folder", OwnersPages, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Variables()
    {
        IEnumerable<string> Infra(string pattern) => Directory.GetFiles(RepositoryRoot.Combine("infra"), pattern).Select(File.ReadAllText);
        IEnumerable<string> names = Sources("bot", "functions", "shared").SelectMany(Reads)
            .Concat(Infra("*.sh").Concat(Infra("compose.yaml")).SelectMany(text => Names(ShellVariable(), text)))
            .Concat(Infra("compose.yaml").SelectMany(text => Names(ComposeVariable(), text)))
            .Concat(Infra("*Dockerfile").SelectMany(text => Names(DockerVariable(), text)))
            .Concat(Names(BicepVariable(), File.ReadAllText(RepositoryRoot.Combine("bicep", "main.bicepparam"))));
        return names.Distinct().Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Reads(string file) => Names(CodeVariable(), File.ReadAllText(file));

    private static IEnumerable<string> Names(Regex pattern, string text) => pattern.Matches(text).Select(match => match.Groups[1].Value);

    private static IEnumerable<string> Sources(params string[] folders) => folders.SelectMany(folder =>
        Directory.GetFiles(RepositoryRoot.Combine(folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Split('/', '\\').Any(part => part is "obj" or "bin" or "node_modules"));

    private static string Pages(IEnumerable<string> files) =>
        string.Join('\n', files.Select(file => File.ReadAllText(RepositoryRoot.Combine(file))));

    private static bool IsOn(string pages, string name) => Regex.IsMatch(pages, $@"\b{name}\b");

    [GeneratedRegex(@"GetEnvironmentVariable\(""(\w+)""")]
    private static partial Regex CodeVariable();

    // $NAME, ${NAME}, ${NAME:-…}; a script's own names are small.
    [GeneratedRegex(@"\$\{?!?([A-Z]\w+)")]
    private static partial Regex ShellVariable();

    [GeneratedRegex(@"^ {2,6}([A-Z][A-Za-z]*(?:_[A-Za-z_]+)?): ", RegexOptions.Multiline)]
    private static partial Regex ComposeVariable();

    [GeneratedRegex(@"(?:^ENV |(?<=^ENV .*) )(\w+)=", RegexOptions.Multiline)]
    private static partial Regex DockerVariable();

    [GeneratedRegex(@"readEnvironmentVariable\('(\w+)'")]
    private static partial Regex BicepVariable();

    [GeneratedRegex(@"KeptFolderName = ""(\w+)""")]
    private static partial Regex KeptFolder();
}
