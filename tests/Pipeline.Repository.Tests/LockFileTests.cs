using System.Text.Json.Nodes;
using System.Xml.Linq;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>What a restore takes is written down, and is what the projects ask for: else the workflow's locked restore fails.</summary>
public sealed class LockFileTests
{
    [Fact]
    public void Every_project_has_a_lock_file_with_the_versions_that_are_central()
    {
        Dictionary<string, string> central = XDocument.Load(RepositoryRoot.Combine("Directory.Packages.props"))
            .Descendants("PackageVersion")
            .ToDictionary(version => (string)version.Attribute("Include")!, version => (string)version.Attribute("Version")!);
        string[] projects = [.. File.ReadLines(RepositoryRoot.Combine("Pipeline.sln"))
            .Where(line => line.Contains(".csproj\"", StringComparison.Ordinal)).Select(line => line.Split('"')[5].Replace('\\', '/'))];
        Assert.True(projects.Length > 20, string.Join(' ', projects));
        List<string> stale = [];
        foreach (string project in projects)
        {
            string folder = RepositoryRoot.Combine(Path.GetDirectoryName(project)!);
            string path = Path.Combine(folder, "packages.lock.json");
            if (!File.Exists(path))
            {
                stale.Add($"{project} has no packages.lock.json");
                continue;
            }
            Dictionary<string, string> locked = Direct(path);
            stale.AddRange(XDocument.Load(RepositoryRoot.Combine(project)).Descendants("PackageReference")
                .Select(reference => (string?)reference.Attribute("Include")).OfType<string>()
                .Where(package => !locked.ContainsKey(package)).Select(package => $"{project}: {package} is not locked"));
            stale.AddRange(locked.Where(package =>
                central.TryGetValue(package.Key, out string? version) && package.Value != $"[{version}, )").Select(package =>
                $"{project}: {package.Key} is locked for {package.Value} and central for {central[package.Key]}"));
        }
        Assert.True(stale.Count == 0, string.Join('\n', stale.Append("run 'dotnet restore Pipeline.sln' and commit the lock files")));
    }

    /// <summary>Known weaknesses are told of every package, by the ones that we do not name too, and end the workflow's build.</summary>
    [Fact]
    public void Weaknesses_of_packages_end_the_build_of_the_workflow()
    {
        XDocument properties = XDocument.Load(RepositoryRoot.Combine("Directory.Build.props"));
        Assert.Equal(["true"], properties.Descendants("NuGetAudit").Select(one => one.Value));
        Assert.Equal(["all"], properties.Descendants("NuGetAuditMode").Select(one => one.Value));
        XElement mild = Assert.Single(properties.Descendants("WarningsNotAsErrors"),
            one => one.Value.Contains("NU1903", StringComparison.Ordinal));
        Assert.Equal("'$(AuditIsStrict)' != 'true'", (string?)mild.Attribute("Condition"));
        string[] restores = [.. File.ReadLines(RepositoryRoot.Combine(".github", "workflows", "pipeline.yml"))
            .Where(line => line.Contains("dotnet restore", StringComparison.Ordinal))];
        Assert.NotEmpty(restores);
        Assert.All(restores, line =>
            Assert.EndsWith("dotnet restore Pipeline.sln --locked-mode -p:AuditIsStrict=true", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Newer_versions_are_proposed_of_all_that_is_named_by_version()
    {
        string text = File.ReadAllText(RepositoryRoot.Combine(".github", "dependabot.yml"));
        foreach (string kind in (string[])["github-actions", "docker", "docker-compose", "nuget", "npm"])
            Assert.Contains($"package-ecosystem: {kind}\n", text, StringComparison.Ordinal);
        IEnumerable<string> locked = SourceFile.Paths("package-lock.json", "infra", "tests");
        Assert.NotEmpty(locked);
        Assert.All(locked, file => Assert.Matches($"[\\[ ]/{Path.GetDirectoryName(file)}[,\\]]", text));
    }

    [Fact]
    public void Every_package_comes_from_one_place()
    {
        XElement mapping = Assert.Single(XDocument.Load(RepositoryRoot.Combine("NuGet.config")).Root!.Elements("packageSourceMapping"));
        Assert.Equal(["clear", "packageSource"], mapping.Elements().Select(one => one.Name.LocalName));
        XElement source = mapping.Element("packageSource")!;
        Assert.Equal("nuget.org", (string?)source.Attribute("key"));
        Assert.Equal(["*"], source.Elements("package").Select(one => (string?)one.Attribute("pattern")));
    }

    /// <summary>What runs a model of speech is native code for the functions without a Functions host, and for nobody else.</summary>
    [Fact]
    public void One_project_of_the_product_takes_what_runs_a_model()
    {
        string[] takers = [.. SourceFile.Paths("packages.lock.json", "bot", "functions", "shared")
            .Where(path => File.ReadAllText(RepositoryRoot.Combine(path)).Contains("\"Whisper.net", StringComparison.Ordinal))
            .Select(path => Path.GetFileName(Path.GetDirectoryName(path)!))];
        Assert.Equal(["Pipeline.Functions.Local"], takers);
    }

    private static Dictionary<string, string> Direct(string path) =>
        JsonNode.Parse(File.ReadAllText(path))!["dependencies"]!.AsObject().SelectMany(framework => framework.Value!.AsObject())
            .Where(package => (string?)package.Value!["type"] == "Direct")
            .GroupBy(package => package.Key).ToDictionary(same => same.Key, same => (string?)same.First().Value!["requested"] ?? "");
}
