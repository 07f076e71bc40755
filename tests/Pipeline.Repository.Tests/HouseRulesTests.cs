using System.Reflection;
using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>Who may import whom, how long a file may be, and which names the house does not use.</summary>
public sealed partial class HouseRulesTests
{
    private const int LongestLine = 140;

    private static readonly string[] ProductFolders = ["bot", "functions", "shared"];
    private static readonly string[] ForbiddenNames = ["Common", "Core", "Utils", "Utilities", "Helpers", "Managers", "Services", "Misc"];
    private static readonly string[] TopFolders = ["bicep", "bot", "functions", "infra", "shared", "tests"];
    private static readonly string[] TopFiles = [".editorconfig", ".gitignore", "BannedSymbols.txt", "Directory.Build.props",
        "Directory.Packages.props", "LICENSE", "NuGet.config", "Pipeline.sln", "README.md", "global.json"];

    public static TheoryData<string, string[]> AllowedReferences => new()
    {
        { "Pipeline.Contracts", [] },
        { "Pipeline.Settings", ["Microsoft.Extensions.Configuration", "Microsoft.Extensions.FileProviders"] },
        { "Pipeline.Mls", [] },
        { "Pipeline.Audio", ["Concentus", "NAudio.Core"] },
        { "Pipeline.Dave", ["Pipeline.Mls"] },
        { "Pipeline.Discord",
            ["Pipeline.Dave", "Microsoft.Extensions.", "Polly", "NSec.", "System.Threading.RateLimiting"] },
        { "Pipeline.Storage", ["Pipeline.Contracts", "Azure.", "Microsoft.Extensions."] },
        { "Pipeline.Hosting", ["Microsoft.Extensions.", "OpenTelemetry"] },
        { "Pipeline.Delivery",
            ["Pipeline.Contracts", "Pipeline.Settings", "Pipeline.Storage", "Azure.", "Microsoft.Extensions.", "Polly"] },
        { "Pipeline.RecordingApi",
            ["Pipeline.Contracts", "Pipeline.Settings", "Pipeline.Storage", "Pipeline.Audio", "Azure.", "Microsoft.",
            "System.IO.Hashing"] },
        { "Pipeline.Functions",
            ["Pipeline.Contracts", "Pipeline.Hosting", "Pipeline.Settings", "Pipeline.Storage", "Pipeline.Delivery",
            "Pipeline.RecordingApi", "Azure.", "Microsoft.", "OpenTelemetry"] },
        { "Pipeline.Functions.Local",
            ["Pipeline.Contracts", "Pipeline.Hosting", "Pipeline.Settings", "Pipeline.Storage", "Pipeline.Delivery",
            "Pipeline.RecordingApi", "Azure.", "Microsoft.", "OpenTelemetry", "System.CommandLine", "Whisper.net"] },
        { "Pipeline.Bot",
            ["Pipeline.Contracts", "Pipeline.Hosting", "Pipeline.Settings", "Pipeline.Storage", "Pipeline.Audio", "Pipeline.Discord",
            "Pipeline.Dave", "Azure.", "Microsoft.", "Polly", "OpenTelemetry", "Spectre.", "BouncyCastle.", "System.CommandLine"] },
    };

    [Theory]
    [MemberData(nameof(AllowedReferences))]
    public void Assembly_references_only_what_it_may_know(string assemblyName, string[] allowed)
    {
        IEnumerable<string> references = Assembly.Load(assemblyName).GetReferencedAssemblies().Select(reference => reference.Name!);
        string[] strangers = [.. references.Where(name =>
            !IsBaseLibrary(name) && !allowed.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))];
        Assert.True(strangers.Length == 0, $"{assemblyName} references {string.Join(", ", strangers)}");
    }

    /// <summary>What is allowed and not used would let in what nobody has thought about.</summary>
    [Theory]
    [MemberData(nameof(AllowedReferences))]
    public void Assembly_references_all_that_it_may_know(string assemblyName, string[] allowed)
    {
        string[] references = [.. Assembly.Load(assemblyName).GetReferencedAssemblies().Select(reference => reference.Name!)];
        string[] idle = [.. allowed.Where(prefix => !references.Any(name => name.StartsWith(prefix, StringComparison.Ordinal)))];
        Assert.True(idle.Length == 0, $"{assemblyName} does not use {string.Join(", ", idle)}: take it out of the list");
    }

    [Fact]
    public void Shared_projects_know_neither_the_bot_nor_the_functions()
    {
        string[] projects = [.. Directory.EnumerateFiles(RepositoryRoot.Combine("shared"), "*.csproj", SearchOption.AllDirectories)];
        Assert.Contains(projects, project => project.EndsWith("Pipeline.Audio.csproj", StringComparison.Ordinal));
        string[] strangers = [.. projects.Where(project => ReferenceOutward().IsMatch(File.ReadAllText(project)))];
        Assert.True(strangers.Length == 0, $"reference a project outside shared: {string.Join(", ", strangers)}");
    }

    [Fact]
    public void Azure_packages_are_used_only_at_the_storage_folders()
    {
        string[] homes =
        [
            "bot/Pipeline.Bot/Storage/", "functions/Pipeline.Functions.Local/Triggers/", "functions/Pipeline.Functions/QueueFunctions.cs",
            "functions/Pipeline.Delivery/Ledger/",
            "functions/Pipeline.Delivery/Segments/ServerCopy.cs", "functions/Pipeline.RecordingApi/Catalogue/", "shared/Pipeline.Storage/",
        ];
        // A feature of the API keeps its rows in one file of its own, named for it.
        bool IsTable(string file) =>
            file.StartsWith("functions/Pipeline.RecordingApi/", StringComparison.Ordinal)
            && file.EndsWith("Table.cs", StringComparison.Ordinal);
        string[] strangers = [.. ProductSources()
            .Where(file => !homes.Any(file.StartsWith) && !IsTable(file) && UsingAzure().IsMatch(Read(file)))];
        Assert.True(strangers.Length == 0, $"Azure packages outside the storage folders: {string.Join(", ", strangers)}");
    }

    [Fact]
    public void Only_the_verification_code_uses_BouncyCastle()
    {
        string[] users = [.. ProductSources().Where(file => Read(file).Contains("using Org.BouncyCastle", StringComparison.Ordinal))];
        Assert.True(users.Length <= 1, $"BouncyCastle is for scrypt alone: {string.Join(", ", users)}");
    }

    [Fact]
    public void No_source_file_is_longer_than_400_lines()
    {
        string[] tooLong = [.. Sources("bot", "functions", "shared", "tests")
            .Where(file => File.ReadLines(RepositoryRoot.Combine(file)).Count() > 400)];
        Assert.True(tooLong.Length == 0, $"over 400 lines: {string.Join(", ", tooLong)}");
    }

    [Fact]
    public void Types_of_the_bot_are_internal()
    {
        string[] open = [.. Assembly.Load("Pipeline.Bot").GetExportedTypes().Select(type => type.FullName!)];
        Assert.True(open.Length == 0, $"public in an executable: {string.Join(", ", open)}");
    }

    // Records are values: what they hold is data, not what they work with.
    [Theory]
    [InlineData("Pipeline.Bot")]
    [InlineData("Pipeline.Discord")]
    [InlineData("Pipeline.Dave")]
    [InlineData("Pipeline.Mls")]
    [InlineData("Pipeline.Delivery")]
    [InlineData("Pipeline.RecordingApi")]
    [InlineData("Pipeline.Functions")]
    [InlineData("Pipeline.Functions.Local")]
    public void Class_is_made_of_at_most_seven_things(string assembly)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        string[] tooMany = [.. Assembly.Load(assembly).GetTypes()
            .Where(type => type.GetMethod("PrintMembers", Own) is null && !type.Name.Contains('<', StringComparison.Ordinal))
            .SelectMany(type => type.GetConstructors(Own))
            .Where(constructor => constructor.GetParameters().Length > 7)
            .Select(constructor => $"{constructor.DeclaringType!.FullName} takes {constructor.GetParameters().Length}")];
        Assert.True(tooMany.Length == 0, string.Join(", ", tooMany));
    }

    [Fact]
    public void No_line_is_longer_than_140_characters()
    {
        string[] tooLong = [.. Sources([.. ProductFolders, "tests"])
            .SelectMany(file => File.ReadLines(RepositoryRoot.Combine(file)).Select((text, index) => (file, text, number: index + 1)))
            .Where(line => line.text.Length > LongestLine && !MayBeLong().IsMatch(line.text))
            .Select(line => $"{line.file}:{line.number}")];
        Assert.True(tooLong.Length == 0, $"over {LongestLine} characters: {string.Join(", ", tooLong)}");
        Assert.Contains($"max_line_length = {LongestLine}", Read(".editorconfig"), StringComparison.Ordinal);
    }

    [Fact]
    public void No_folder_or_file_has_a_name_that_says_nothing()
    {
        string[] nameless = [.. Sources("bot", "functions", "shared", "tests")
            .Where(file => file.Split('/', '.').Any(ForbiddenNames.Contains))];
        Assert.True(nameless.Length == 0, string.Join(", ", nameless));
    }

    [Fact]
    public void Sources_hold_no_path_of_a_machine_no_sleep_and_nothing_unfinished()
    {
        string[] offenders = [.. Sources("bot", "functions", "shared", "tests")
            .Where(file => !file.EndsWith("HouseRulesTests.cs", StringComparison.Ordinal) && Smells().IsMatch(Read(file)))];
        Assert.True(offenders.Length == 0, string.Join(", ", offenders));
    }

    [Fact]
    public void Log_line_has_an_id_of_its_own()
    {
        (string Id, string File)[] lines = [.. ProductSources().SelectMany(file => LogId().Matches(Read(file))
            .Select(match => (match.Groups[1].Value, file)))];
        string[] shared = [.. lines.GroupBy(line => line.Id).Where(same => same.Count() > 1)
            .Select(same => $"{same.Key} in {string.Join(" and ", same.Select(line => line.File))}")];
        Assert.True(shared.Length == 0, string.Join(", ", shared));
        Assert.InRange(lines.Length, 100, 1_000);
    }

    [Fact]
    public void Usings_stand_in_order_those_of_the_system_first()
    {
        string[] offenders = [.. Sources("bot", "functions", "shared", "tests").Where(file =>
        {
            string[] usings = [.. UsingLine().Matches(Read(file)).Select(match => match.Groups[1].Value)];
            return !usings.SequenceEqual(usings.OrderBy(name => (name + ".").StartsWith("System.", StringComparison.Ordinal) ? 0 : 1)
                .ThenBy(name => name.Replace('.', '\0'), StringComparer.OrdinalIgnoreCase));
        })];
        Assert.True(offenders.Length == 0, $"'dotnet format Pipeline.sln' puts them in order: {string.Join(", ", offenders)}");
    }

    [Fact]
    public void Top_level_holds_only_what_it_may()
    {
        string[] found = [.. Directory.GetFileSystemEntries(RepositoryRoot.Path).Select(Path.GetFileName).Select(name => name!)];
        string[] allowed = [.. TopFolders, .. TopFiles, ".git", ".ci", ".github", ".vs", ".idea", "artifacts", "data", "TestResults",
            "BenchmarkDotNet.Artifacts"];
        Assert.Empty(found.Except(allowed));
        Assert.Empty(TopFolders.Concat(TopFiles).Except(found));
    }

    private static IEnumerable<string> ProductSources() => Sources(ProductFolders);

    private static IEnumerable<string> Sources(params string[] folders) =>
        folders.SelectMany(folder => Directory.EnumerateFiles(RepositoryRoot.Combine(folder), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
            && !file.Contains("/node_modules/", StringComparison.Ordinal));

    private static string Read(string file) => File.ReadAllText(RepositoryRoot.Combine(file));

    private static bool IsBaseLibrary(string name) =>
        (name.StartsWith("System.", StringComparison.Ordinal)
            && name is not ("System.CommandLine" or "System.Threading.RateLimiting" or "System.IO.Hashing"))
            || name is "System" or "netstandard" or "mscorlib";

    // The emulator's public key, and bytes of a message as they are on the wire.
    [GeneratedRegex("AccountKey=|\"\"\"")]
    private static partial Regex MayBeLong();

    [GeneratedRegex(@"<ProjectReference[^>]*[/\\](bot|functions|tests)[/\\]")]
    private static partial Regex ReferenceOutward();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId = )?(\d+)")]
    private static partial Regex LogId();

    [GeneratedRegex(@"^using Azure\.", RegexOptions.Multiline)]
    private static partial Regex UsingAzure();

    [GeneratedRegex(@"^using ([\w.]+);\r?$", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(
        @"(/work/|/root/|/home/[a-z]+/)|Thread\.Sleep\(|catch\s*(\(Exception\))?\s*\{\s*\}|async "
        + @"void|NotImplementedException|\bTODO\b|\bFIXME\b|\[(Fact|Theory)\(Skip")]
    private static partial Regex Smells();
}
