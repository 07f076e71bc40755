using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.EndToEnd.Tests.Deploy;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary>An owner's evening: start, record by a rule, everything dies once, Ctrl+C, start again, stop, files.</summary>
public sealed class RunScriptTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Recording_outlives_each_process_and_goes_on_after_the_next_start()
    {
        using TempFolder folder = new();
        string data = folder.Combine("data");
        // A folder that others may look into, as people make them.
        Directory.CreateDirectory(data);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);
        int port = FreePort.Take(1)[0];
        await using Simulator discord = await Simulator.StartAsync(
            new SimulatorOptions { Seed = 5, BotToken = "MTA5OTUxMTYyNzc3Ng.simulated.token" });
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        string id;
        await using (RunScript first = RunScript.Start(data, port, discord))
        {
            await first.SaysAsync("client_id=1099511627776&scope=bot+applications.commands&permissions=68176896");
            await first.SaysAsync($"run: pages:  http://127.0.0.1:{port}");
            await Simulator.WaitUntilAsync(() => discord.HasCommand("record"), Patience);
            using ApiReader api = first.OpenApi();
            // Nobody starts it: somebody is in the channel that a rule names.
            await AskAsync(discord, "record auto", new Dictionary<string, object> { ["channel"] = discord.VoiceChannel, ["people"] = 1 });
            _ = ada.SayAsync(OpusClip.Generate(5, TimeSpan.FromMinutes(5)));
            await first.SaysAsync("bot: ");
            id = await FindRecordingAsync(api, discord);
            foreach (string name in new[] { "storage", "functions", "bot" })
            {
                await ListeningAsync(discord, TimeSpan.FromSeconds(4));
                await first.KillAsync(name);
            }
            await first.UntilHealthyAsync(api);
            await Simulator.WaitUntilAsync(() => discord.VoiceClient(discord.Bot.User.Id) is not null, Patience);
            await ListeningAsync(discord, TimeSpan.FromSeconds(4));
            // What waited for the storage to come back is on its way after a pause that has grown.
            await Simulator.WaitUntilAsync(() => Spooled().Count() <= 2, Patience);
            Assert.Equal(0, await first.InterruptAsync());
            Assert.All(first.Process.Lines, line => Assert.Matches("^(run|storage|functions|bot|setup): |^$", line));
            Assert.True(!Spooled().Any(), $"{string.Join(", ", Spooled())} stayed\n{first.Said}");
        }
        await using (RunScript second = RunScript.Start(data, port, discord))
        {
            await second.SaysAsync("[4102]");
            using ApiReader api = second.OpenApi();
            await ListeningAsync(discord, TimeSpan.FromSeconds(4));
            await AskAsync(discord, "record stop");
            ada.BeQuiet();
            RecordingDetails recording = await api.WaitUntilCompletedAsync(id, Patience);
            Assert.Equal([id], (await api.ListAsync(discord.Guild.Id)).Select(one => one.Id));
            VerifiedTrack track = Assert.Single(await new RecordingVerifier(api)
                .VerifyAsync(recording, TestContext.Current.CancellationToken));
            Assert.True(track.Audio > TimeSpan.FromSeconds(15), $"{track.Audio}\n{second.Said}");
            Assert.Empty(recording.MissingSegments);
            Assert.All(recording.Segments, segment =>
                Assert.StartsWith($"http://127.0.0.1:{port}/storage/recordings/", segment.DownloadUrl, StringComparison.Ordinal));
            await RequirePlainFilesAsync(Path.Combine(data, "files"), id);
            // By the bot's own key, which reads what is ready and no more.
            await Simulator.WaitUntilAsync(() => discord.Guild.Channels.SelectMany(channel => channel.Messages).Any(message =>
                message.Text.Contains("1 track and a mix are ready", StringComparison.Ordinal)), Patience);
            Assert.DoesNotContain("refuses the key", second.Said, StringComparison.Ordinal);
            Assert.Equal(0, await second.InterruptAsync());
        }
        string[] entries = [data, .. Directory.GetFileSystemEntries(data, "*", SearchOption.AllDirectories)];
        Assert.All(entries, entry => Assert.Equal((0, entry), (RightsOfOthers(entry), entry)));

        IEnumerable<string> Spooled() => Directory.EnumerateFiles(Path.Combine(data, "spool"), "*.wav", SearchOption.AllDirectories);
    }

    private static int RightsOfOthers(string entry) => OperatingSystem.IsWindows() ? 0 : (int)File.GetUnixFileMode(entry) & 0b000_111_111;

    private static async Task RequirePlainFilesAsync(string folder, string id)
    {
        string[] expected = ["01-Ada.flac", "info.json", "mix.flac"];
        await Simulator.WaitUntilAsync(() => Directory.Exists(folder) && Directory.GetDirectories(folder, $"*_{id}") is [{ } own]
            && expected.All(name => File.Exists(Path.Combine(own, name))), Patience);
        string flac = Path.Combine(Directory.GetDirectories(folder)[0], "01-Ada.flac");
        byte[] head = (await File.ReadAllBytesAsync(flac, TestContext.Current.CancellationToken))[..4];
        Assert.Equal("fLaC"u8.ToArray(), head);
    }

    private static async Task<string> FindRecordingAsync(ApiReader api, Simulator discord)
    {
        IReadOnlyList<RecordingSummary> found = [];
        using CancellationTokenSource limit = new(Patience);
        while (found.Count == 0)
        {
            await Task.Delay(100, limit.Token);
            found = await api.ListAsync(discord.Guild.Id);
        }
        return Assert.Single(found).Id;
    }

    private static async Task AskAsync(Simulator discord, string command, Dictionary<string, object>? options = null)
    {
        SimulatedInteraction interaction = await discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, command,
            options);
        await Simulator.WaitUntilAsync(() => interaction.HasAnswer, Patience);
    }

    /// <summary>For as long, by the simulator's clock, in which the speaker speaks.</summary>
    private static Task ListeningAsync(Simulator discord, TimeSpan duration)
    {
        TimeSpan until = discord.Elapsed + duration;
        return Simulator.WaitUntilAsync(() => discord.Elapsed >= until, Patience);
    }
}
