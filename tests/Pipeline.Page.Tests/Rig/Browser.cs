using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.TestKit;

namespace Pipeline.Page.Tests.Rig;

/// <summary>Runs one scenario of tests/page in a browser and gives back what it measured.</summary>
internal static class Browser
{
    private const string Prefix = "RESULT ";
    private const string Ask = "NOW ";

    public static string Path { get; } = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } given ? given
        : "/usr/bin/chromium";

    /// <summary>Where screenshots go, so that a person can look at them.</summary>
    public static string Shots { get; } = Directory.CreateDirectory(RepositoryRoot.Combine("artifacts", "page")).FullName;

    /// <param name="scenario">Name of a script without its ending.</param>
    /// <param name="input">What the script reads.</param>
    /// <param name="asked">Called when the script wants something to happen: <c>NOW word</c>; it goes on when that is done.</param>
    public static async Task<JsonNode> RunAsync(string scenario, JsonObject input, Func<string, Task>? asked = null)
    {
        Assert.SkipUnless(File.Exists(Path), $"{Path} is missing: run infra/setup.sh");
        input["shots"] = Shots;
        Dictionary<string, string?> environment = new() { ["PAGE_TEST"] = input.ToJsonString(), ["CHROMIUM"] = Path };
        string script = RepositoryRoot.Combine("tests", "page", $"{scenario}.mjs");
        await using ChildProcess node = ChildProcess.Start("node", [script], environment);
        HashSet<string> done = [];
        string line;
        while (true)
        {
            line = await node.WaitForLineAsync(line =>
                line.StartsWith(Prefix, StringComparison.Ordinal)
                || (line.StartsWith(Ask, StringComparison.Ordinal) && !done.Contains(line)), TimeSpan.FromMinutes(6));
            if (line.StartsWith(Prefix, StringComparison.Ordinal)) break;
            done.Add(line);
            await asked!(line[Ask.Length..]);
            await node.Input.WriteLineAsync("done");
        }
        JsonNode result = JsonNode.Parse(line[Prefix.Length..])!;
        TestContext.Current.TestOutputHelper?.WriteLine($"{scenario}: {line[Prefix.Length..Math.Min(line.Length, 3000)]}");
        Assert.True(result["failed"] is null, $"{scenario}: {result["failed"]}\n{result["seen"]}\n{result["complaints"]}");
        return result;
    }

    /// <summary>Nothing was written to the browser's console.</summary>
    public static void RequireQuiet(JsonNode result) => Assert.Empty(result["complaints"].Deserialize<string[]>()!);
}
