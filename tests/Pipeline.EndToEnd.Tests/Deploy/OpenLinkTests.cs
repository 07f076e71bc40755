using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>What people press opens the recording: the addresses are taken out of the messages of a real bot.</summary>
public sealed partial class OpenLinkTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Long")]
    public async Task Links_of_panel_and_direct_message_open_the_recording()
    {
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString);
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Seed = 771 });
        SimulatedSpeaker ada = discord.AddSpeaker("Ada", discord.VoiceChannel);
        await using BotProcess bot = BotProcess.Start(discord, azurite.Azurite, functions);
        await bot.UntilReadyAsync("ready");
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record"), Patience);
        SimulatedMember owner = discord.Guild.Owner;
        await AskAsync("record start", new() { ["channel"] = discord.VoiceChannel });
        await ada.SayAsync(OpusClip.Generate(5, TimeSpan.FromSeconds(2)));
        await Simulator.WaitUntilAsync(() => LinksIn(discord.TextChannel).Any(), Patience);
        await AskAsync("record stop", []);
        await Simulator.WaitUntilAsync(() => LinksIn(discord.DirectChannel(owner.User)).Any(), Patience);
        await Simulator.WaitUntilAsync(() => discord.TextChannel.Messages.Any(message =>
            message.Text.Contains("✅ Stored", StringComparison.Ordinal)), Patience);

        string panel = LinksIn(discord.TextChannel).Last();
        string[] all = [.. LinksIn(discord.TextChannel).Concat(LinksIn(discord.DirectChannel(owner.User))).Distinct()];
        Assert.NotEqual([panel], all); // the starter's is another one
        using HttpClient anybody = new();
        foreach (string link in all) await RequireOpensAsync(anybody, new Uri(link));

        async Task AskAsync(string command, Dictionary<string, object> options)
        {
            SimulatedInteraction asked = await discord.Interactions.SlashCommandAsync(owner, discord.TextChannel, command, options);
            await Simulator.WaitUntilAsync(() => asked.HasAnswer, Patience);
        }
    }

    /// <summary>As a browser without any key does it: the page, then a session by the secret of the link.</summary>
    private static async Task RequireOpensAsync(HttpClient anybody, Uri link)
    {
        using HttpResponseMessage page = await anybody.GetAsync(link, Cancellation);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
        Assert.StartsWith("#k=", link.Fragment, StringComparison.Ordinal);
        Uri session = new(link, $"/api/recordings/{link.AbsolutePath["/r/".Length..]}/session");
        using HttpRequestMessage request = new(HttpMethod.Post, session)
        {
            Content = JsonContent.Create(new JsonObject { ["key"] = link.Fragment["#k=".Length..] }),
            Headers = { { "x-pipeline-page", "1" } },
        };
        using HttpResponseMessage opened = await anybody.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, opened.StatusCode);
    }

    /// <summary>Every address that any version of a message there had, in its text or behind a button.</summary>
    private static IEnumerable<string> LinksIn(SimulatedChannel channel) => channel.Messages.SelectMany(message => message.Versions)
        .SelectMany(version => Address().Matches(version.Text + " " + version.Components?.ToJsonString()))
        .Select(match => Regex.Unescape(match.Value)).Where(link => !link.StartsWith("https://discord.com/", StringComparison.Ordinal));

    [GeneratedRegex(@"https?://[^\s""]+")]
    private static partial Regex Address();
}
