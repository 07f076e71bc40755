using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Pipeline.Deployment.Tests.Bicep;

/// <summary>
/// Names that are too long or hold a wrong letter are refused in the middle of a deployment, for the one environment that has them.
/// </summary>
public sealed partial class NameTests(CompiledTemplate template) : IClassFixture<CompiledTemplate>
{
    private const string Suffix = "abcdefghij234"; // as long as uniqueString makes it
    private const string LongestNumber = "63"; // shards; cells are fewer

    [Theory]
    [InlineData("Microsoft.Storage/storageAccounts", "^[a-z0-9]{3,24}$")]
    [InlineData("Microsoft.ContainerRegistry/registries", "^[a-zA-Z0-9]{5,50}$")]
    [InlineData("Microsoft.KeyVault/vaults", "^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$")]
    [InlineData("Microsoft.App/managedEnvironments", "^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
    [InlineData("Microsoft.App/containerApps", "^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
    [InlineData("Microsoft.App/jobs", "^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
    [InlineData("Microsoft.Web/sites", "^[a-z0-9][a-z0-9-]{0,30}[a-z0-9]$")] // the host shortens longer ones for its own id
    [InlineData("Microsoft.Web/serverfarms", "^[a-zA-Z0-9-]{1,40}$")]
    [InlineData("Microsoft.OperationalInsights/workspaces", "^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$")]
    [InlineData("Microsoft.ManagedIdentity/userAssignedIdentities", "^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$")]
    [InlineData("Microsoft.Insights/metricAlerts", "^[a-zA-Z0-9-]{1,260}$")]
    public void Name_is_valid_for_every_environment(string type, string pattern)
    {
        string[] names = [.. template.OfType(type).Select(resource => Longest((string)resource["name"]!))];
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Matches(pattern, name));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Container_group_s_name_is_valid()
    {
        string call = Descend(template.Root).Select(node => (string?)node["parameters"]?["name"]?["value"]).OfType<string>()
            .Single(name => name.Contains("ci-bot", StringComparison.Ordinal));
        Assert.Matches("^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$", Longest(call));
    }

    /// <summary>The one name that the environment's own is part of: 90 characters at most.</summary>
    [Fact]
    public void Resource_group_s_name_takes_the_longest_environment()
    {
        string name = Longest((string)Assert.Single(template.OfType("Microsoft.Resources/resourceGroups"))["name"]!);
        Assert.Matches(@"^[\w().-]{1,89}[\w()-]$", name);
        Assert.Equal((1, 64),
            ((int)template.Root["parameters"]!["environmentName"]!["minLength"]!,
            (int)template.Root["parameters"]!["environmentName"]!["maxLength"]!));
    }

    /// <summary>A compiled <c>[format('text-{0}', …)]</c> with the longest values that its arguments can have.</summary>
    private static string Longest(string expression)
    {
        Match format = Format().Match(expression);
        Assert.True(format.Success, expression);
        string[] arguments = format.Groups[2].Value.Split(", ").Aggregate(new List<string>(), Join).ToArray();
        string[] values = [.. arguments.Select(argument =>
            argument.Contains("environmentName", StringComparison.Ordinal) ? new string('e', 60) :
            argument.Contains("suffix", StringComparison.Ordinal) ? Suffix : LongestNumber)];
        return string.Format(System.Globalization.CultureInfo.InvariantCulture, format.Groups[1].Value, values);
    }

    // Commas inside of brackets do not part arguments.
    private static List<string> Join(List<string> found, string part)
    {
        bool isOpen = found.Count > 0 && found[^1].Count(letter => letter == '(') > found[^1].Count(letter => letter == ')');
        if (isOpen) found[^1] += ", " + part;
        else found.Add(part);
        return found;
    }

    private static IEnumerable<JsonObject> Descend(JsonNode node)
    {
        if (node is JsonObject self) yield return self;
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject map => map.Select(entry => entry.Value),
            JsonArray list => list,
            _ =>
            []
        };
        foreach (JsonObject inner in children.Where(child => child is not null).SelectMany(child => Descend(child!))) yield return inner;
    }

    [GeneratedRegex(@"^\[format\('([^']+)', (.+)\)\]$")]
    private static partial Regex Format();
}
