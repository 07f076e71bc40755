using System.Text.RegularExpressions;
using Pipeline.DiscordSimulator;
using Pipeline.EndToEnd.Tests.Deploy;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary>
/// infra/compose.yaml: held to the rules of the compose specification that it touches, and its commands and variables started by hand,
/// because there may be no container engine.
/// </summary>
public sealed partial class ComposeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // Compose specification, "Services top-level element", as far as this file uses it.
    private static readonly string[] ServiceKeys =
        ["image", "build", "command", "environment", "volumes", "ports", "depends_on", "stop_grace_period", "restart"];

    private static readonly ComposeFile Compose = ComposeFile.Read();

    [Fact]
    public void Every_part_is_one_that_compose_knows_and_every_name_leads_somewhere()
    {
        Assert.DoesNotContain(Compose.TopLevel.Except(["name", "services", "volumes"]),
            key => !key.StartsWith("x-", StringComparison.Ordinal));
        HashSet<string> mounted = [];
        foreach (string service in Compose.Services)
        {
            Assert.Empty(Compose.Keys(service).Except(ServiceKeys));
            Assert.True(Compose.Keys(service).Contains("image") ^ Compose.Keys(service).Contains("build"), service);
            if (Compose.Value(service, "image") is { } image) Assert.Matches(ExactImage(), image);
            Assert.Empty(Compose.List(service, "depends_on").Except(Compose.Services));
            Assert.All(Compose.List(service, "ports"), port => Assert.Matches(LoopbackPort(), port));
            Assert.Matches(Seconds(), Compose.Value(service, "stop_grace_period"));
            Assert.Equal("unless-stopped", Compose.Value(service, "restart"));
            foreach (string source in Compose.List(service, "volumes").Select(volume => volume.Split(':')[0]))
            {
                if (!source.StartsWith("./", StringComparison.Ordinal)) mounted.Add(source);
                else Assert.True(File.Exists(RepositoryRoot.Combine("infra", source)), source);
            }
        }
        Assert.Equal(mounted.Order(), Compose.Volumes.Order());
        Assert.Equal(["127.0.0.1:7071:7071"], Compose.Services.SelectMany(service => Compose.List(service, "ports")));
    }

    [Fact]
    public void What_has_to_be_set_is_asked_for()
    {
        foreach (string name in new[] { "AZURITE_KEY", "FUNCTIONS_KEY", "BOT_KEY", "DISCORD_TOKEN" })
        {
            Dictionary<string, string> shell = new()
            {
                ["AZURITE_KEY"] = "k",
                ["FUNCTIONS_KEY"] = "k",
                ["BOT_KEY"] = "k",
                ["DISCORD_TOKEN"] = "k"
            };
            shell.Remove(name);
            InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() =>
                Compose.Services.SelectMany(service => Compose.Environment(service).Values).Select(value => ComposeFile.Fill(value, shell))
                    .Count());
            Assert.StartsWith($"set {name} to", refused.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The very commands and variables, with the containers' names and folders as this machine has them.</summary>
    [Fact]
    public async Task Its_commands_and_variables_start_everything()
    {
        using TempFolder folder = new();
        await using Simulator discord = await Simulator.StartAsync();
        int[] ports = FreePort.Take(4);
        Dictionary<string, string> shell = new()
        {
            ["AZURITE_KEY"] = Convert.ToBase64String(new byte[64]),
            ["FUNCTIONS_KEY"] = "a-long-random-word",
            ["BOT_KEY"] = "another-long-random-word",
            ["DISCORD_TOKEN"] = discord.Bot.Token
        };
        string Here(string value) => ComposeFile.Fill(value, shell)
            .Replace("azurite:10000", $"127.0.0.1:{ports[0]}", StringComparison.Ordinal)
            .Replace("azurite:10001", $"127.0.0.1:{ports[1]}", StringComparison.Ordinal)
            .Replace("azurite:10002", $"127.0.0.1:{ports[2]}", StringComparison.Ordinal)
            .Replace("functions:7071", $"127.0.0.1:{ports[3]}", StringComparison.Ordinal)
            .Replace("0.0.0.0:7071", $"127.0.0.1:{ports[3]}", StringComparison.Ordinal)
            .Replace("127.0.0.1:7071", $"127.0.0.1:{ports[3]}", StringComparison.Ordinal)
            .Replace("/indices.cjs", RepositoryRoot.Combine("infra", "azurite", "indices.cjs"), StringComparison.Ordinal)
            .Replace("/durable.cjs", RepositoryRoot.Combine("infra", "azurite", "durable.cjs"), StringComparison.Ordinal)
            .Replace("/files", folder.Combine("files"), StringComparison.Ordinal);
        Dictionary<string, string?> Variables(string service) =>
            Compose.Environment(service).ToDictionary(pair => pair.Key, pair => (string?)Here(pair.Value));

        string[] command = Compose.Value("azurite", "command")!.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)
            .Replace("/data", folder.Combine("data"), StringComparison.Ordinal).Split(' ');
        Assert.Equal("azurite", command[0]);
        await using ChildProcess azurite = ChildProcess.Start(
            RepositoryRoot.Combine("infra", "azurite", "node_modules", ".bin", "node"),
            [RepositoryRoot.Combine("infra", "azurite", "node_modules", ".bin", "azurite"), .. command[1..],
                "--blobPort", $"{ports[0]}", "--queuePort", $"{ports[1]}", "--tablePort", $"{ports[2]}"], Variables("azurite"));
        await azurite.WaitForLineAsync(line =>
            line.Contains("Table service is successfully listening", StringComparison.Ordinal), Patience);

        await using ChildProcess functions = BuiltProject.Start("functions/Pipeline.Functions.Local", [], Variables("functions"));
        await functions.WaitForLineAsync(line => line.Contains("[5040] Local triggers run", StringComparison.Ordinal), Patience);

        Dictionary<string, string?> bot = new(Variables("bot"))
        {
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"), // as the image sets it
            ["DISCORD_API_BASE"] = discord.ApiBaseUrl,
            ["DISCORD_CA_FILE"] = discord.CertificateAuthorityFile
        };
        await using ChildProcess recorder = BuiltProject.StartBot(["run"], bot);
        await Simulator.WaitUntilAsync(() => discord.IsConnected(discord.Bot), Patience);
        using ApiReader api = new(new Uri($"http://127.0.0.1:{ports[3]}"), shell["FUNCTIONS_KEY"]);
        Assert.Empty(await api.ListAsync(discord.Guild.Id));
        Assert.True(Directory.Exists(folder.Combine("files")));
        await recorder.SignalAsync(15);
        Assert.Equal(0, await recorder.WaitForExitAsync(Patience));
        string set = Assert.Single(recorder.Lines, line => line.Contains("[4312] Settings: ", StringComparison.Ordinal));
        Assert.Contains("DISCORD_TOKEN=set (environment)", set, StringComparison.Ordinal);
        Assert.Contains($"RECORDING_SPOOL_FOLDER={folder.Combine("spool")} (environment)", set, StringComparison.Ordinal);
        Assert.DoesNotContain(recorder.Lines, line => line.Contains(discord.Bot.Token, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^[a-z0-9./-]+(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})$")]
    private static partial Regex ExactImage();

    [GeneratedRegex(@"^127\.0\.0\.1:\d+:\d+$")]
    private static partial Regex LoopbackPort();

    [GeneratedRegex(@"^\d+s$")]
    private static partial Regex Seconds();
}
