using System.Text.Json.Nodes;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>A replay by the real bot process against some storage.</summary>
internal static class Replayed
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly string[] Names = ["ada", "grace", "linus"];

    /// <summary>Runs to its end and returns the recording's id.</summary>
    /// <param name="speakers">At most three.</param>
    public static async Task<string> RunAsync(TempFolder folder, IReadOnlyDictionary<string, string?> settings, int speakers, string length,
        string speed, params string[] more)
    {
        string summary = folder.Combine("summary.json");
        string[] arguments =
        [
            "replay", .. Names.Take(speakers)
                .SelectMany(name => new[] { "--speaker", $"{name}={RepositoryRoot.Combine("tests", "speech", $"{name}.opus")}" }),
            "--repeat-for", length, "--speed", speed, "--json", summary, .. more,
        ];
        Dictionary<string,
            string?> environment = new(settings)
            {
                ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
                ["RECORDING_MIN_FREE_DISK_MB"] = "0"
            };
        await using ChildProcess bot = BuiltProject.StartBot(arguments, environment);
        int code = await bot.WaitForExitAsync(Patience);
        Assert.True(code == 0, $"exit code {code}:\n{string.Join('\n', bot.Lines)}");
        return (string)JsonNode.Parse(await File.ReadAllTextAsync(summary))!["recordingId"]!;
    }
}
