using System.Reflection;
using System.Xml.Linq;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>The product carries no package that it does not use.</summary>
public sealed class PackageTests
{
    // The compiler does not see these.
    private static readonly Dictionary<string, string> WorkByBeingThere = new()
    {
        ["Microsoft.CodeAnalysis.BannedApiAnalyzers"] = "an analyzer: refuses what BannedSymbols.txt lists",
        ["Microsoft.Azure.Functions.Worker.Sdk"] = "writes the metadata of the functions during the build",
        ["Microsoft.Azure.WebJobs.Host.Storage"] = "Microsoft.Azure.WebJobs.Extensions would bring an old one",
        ["Azure.Identity"] = "forwards its types to Azure.Core: asks for one that has the credentials",
        ["Whisper.net.Runtime"] = "native code, copied for the one system that is published",
    };

    /// <summary>The compiler names in an assembly only those that its code uses.</summary>
    [Fact]
    public void Every_package_of_the_product_is_used_by_its_project()
    {
        List<string> idle = [];
        HashSet<string> seen = [];
        string[] projects = [.. SourceFile.Paths("*.csproj", "bot", "functions", "shared")];
        Assert.True(projects.Length > 10, string.Join(' ', projects));
        foreach (string project in projects)
        {
            string[] used = [.. Assembly.Load(Path.GetFileNameWithoutExtension(project)).GetReferencedAssemblies()
                .Select(reference => reference.Name!)];
            foreach (string package in Packages(project))
            {
                seen.Add(package);
                if (!WorkByBeingThere.ContainsKey(package) && !used.Contains(package))
                    idle.Add($"{project}: {package}");
            }
        }
        Assert.True(idle.Count == 0, $"take it out, or say in WorkByBeingThere why it stays: {string.Join(", ", idle)}");
        Assert.Empty(WorkByBeingThere.Keys.Except(seen).Except(Packages("Directory.Build.props")));
    }

    private static IEnumerable<string> Packages(string project) => XDocument.Load(RepositoryRoot.Combine(project))
        .Descendants("PackageReference").Select(reference => (string?)reference.Attribute("Include")).OfType<string>();
}
