using System.Text.RegularExpressions;
using Pipeline.Delivery.Invocations;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Deploy;

/// <summary>infra/DEPLOY.md against what is deployed.</summary>
public sealed partial class DeployPageTests
{
    [Fact]
    public void Page_lists_every_function()
    {
        string page = File.ReadAllText(RepositoryRoot.Combine("infra", "DEPLOY.md"));
        string list = page.Split("**All functions are listed**", 2)[1].Split("\n3.", 2)[0];
        string http = File.ReadAllText(RepositoryRoot.Combine("functions", "Pipeline.Functions", "HttpFunctions.cs"));
        string[] functions = [.. FunctionTable.Queues.Keys, .. FunctionTable.Timers.Keys,
            .. NamedFunction().Matches(http).Select(match => match.Groups[1].Value)];
        Assert.True(functions.Length > 10, string.Join(' ', functions));
        Assert.Equal(functions.Order(StringComparer.Ordinal),
            Name().Matches(list).Select(match => match.Value).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("\\[Function\\(\"(\\w+)\"\\)")]
    private static partial Regex NamedFunction();

    [GeneratedRegex("[A-Z][a-z]+[A-Z][A-Za-z]+")]
    private static partial Regex Name();
}
