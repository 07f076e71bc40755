using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.Page.Tests.Rig;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Page.Tests;

/// <summary>
/// The whole way: two people talk in a simulated Discord, the real bot and functions record them, and while they talk the page plays them.
/// </summary>
public sealed class TalkTests(PageApp app, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly string[] Voices = ["ada", "grace"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan MostError = TimeSpan.FromMilliseconds(20);

    private const int Sought = 5 * Pcm.SamplesPerSecond;

    private readonly TempFolder folder = new();
    private Simulator discord = null!;
    private ChildProcess bot = null!;

    public async ValueTask InitializeAsync()
    {
        discord = await Simulator.StartAsync(new SimulatorOptions { Seed = 11, Dave = DaveMode.Off });
        bot = BuiltProject.StartBot(["run"], new Dictionary<string, string?>(app.Azurite.Settings)
        {
            ["DISCORD_TOKEN"] = discord.Bot.Token,
            ["DISCORD_API_BASE"] = discord.ApiBaseUrl,
            ["DISCORD_CA_FILE"] = discord.CertificateAuthorityFile,
            ["DISCORD_GUILD_ID"] = $"{discord.Guild.Id}",
            ["RecordingApi__BaseUrl"] = app.Functions.BaseUrl.ToString(),
            ["RecordingApi__ApiKey"] = FunctionsApp.BotKey,
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
        });
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record") || bot.HasExited, Patience);
        Assert.False(bot.HasExited, string.Join('\n', bot.Lines));
    }

    public async ValueTask DisposeAsync()
    {
        if (bot is not null) await bot.DisposeAsync();
        if (discord is not null) await discord.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Page_plays_both_while_they_talk_as_they_lie_on_the_wire()
    {
        SimulatedSpeaker[] speakers = [.. Voices.Select(name => discord.AddSpeaker(name))];
        RecordingId id = await StartAsync();
        ShareDetails link = await app.ShareAsync(id, "listen");
        OpusClip[] clips = [.. Voices.Select(name => OpusClip.Read(Speech(name)))];
        Task talk = Task.WhenAll(speakers.Zip(clips, (speaker, clip) => speaker.SayAsync(clip)));
        JsonNode result = await Browser.RunAsync("talk",
            new JsonObject { ["url"] = link.Url, ["listen"] = true, ["seconds"] = 14, ["names"] = new JsonArray("ada", "grace") });
        await talk;
        Assert.Equal(3, result["lanes"]!.GetValue<int>());
        Assert.True(result["grown"]!.GetValue<bool>());

        Assert.All(Voices, name =>
        {
            SpeechAlignment alone = SpeechAlignment.Find(Sound(result, name), Pcm.Decode(Speech(name)));
            Assert.True(alone.Correlation >= 0.8, $"{name}: correlation {alone.Correlation:F3}");
        });
        float[] together = Sound(result, "all");
        TimeSpan[] begun = [.. Voices.Select(name => SpeechAlignment.Find(Pcm.Decode(Speech(name)).AsSpan(0, Sought), together).Position)];
        TimeSpan[] wire = [.. speakers.Select(speaker => discord.Deliveries.Talks(discord.Bot.Id, speaker.UserId)[0].Earliest)];
        TimeSpan apart = begun[1] - begun[0] - (wire[1] - wire[0]);
        output.WriteLine($"heard {(begun[1] - begun[0]).TotalMilliseconds:F1} ms apart, "
            + $"on the wire {(wire[1] - wire[0]).TotalMilliseconds:F1} ms");
        Assert.True(apart.Duration() <= MostError, $"the tracks are {apart.TotalMilliseconds:F1} ms off each other");
        Browser.RequireQuiet(result);
    }

    private async Task<RecordingId> StartAsync()
    {
        SimulatedInteraction start = await discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, "record start",
            new Dictionary<string, object> { ["channel"] = discord.VoiceChannel });
        await start.Answered.WaitAsync(Patience);
        await Simulator.WaitUntilAsync(() => discord.VoiceClient(discord.Bot.Id)?.Mode is not null, Patience);
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            IReadOnlyList<RecordingSummary> found = await app.Functions.Api.ListAsync(discord.Guild.Id);
            if (found.Count > 0) return RecordingId.Parse(found[0].Id);
            await Task.Delay(100, patience.Token);
        }
    }

    // What came out of the speakers, from the first sound on.
    private static float[] Sound(JsonNode result, string name)
    {
        byte[] samples = Convert.FromBase64String(result["heard"]![name]!.GetValue<string>());
        return [.. MemoryMarshal.Cast<byte, short>(samples).ToArray().Select(value => value / 32768f)];
    }

    private static string Speech(string name) => RepositoryRoot.Combine("tests", "speech", $"{name}.opus");
}
