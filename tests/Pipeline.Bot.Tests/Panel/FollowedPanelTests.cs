using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Panel;

/// <summary>
/// A panel whose recording has ended is followed until the recording is finalized, whatever becomes of the process meanwhile.
/// </summary>
public sealed class FollowedPanelTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Panel_is_followed_by_the_next_process_until_the_recording_is_finalized()
    {
        await using BotRig rig = await BotRig.StartAsync();
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal), "storing");
        await rig.StopAsync();
        Assert.Single(PanelFiles(rig));

        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString);
        await next.UntilAsync(() => !Directory.Exists(next.Folder.Combine("spool", session)), "what was left in the spool is uploaded");
        rig.Api.Add(RecordingApiStandIn.Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id));
        await next.UntilAsync(() => next.PanelText.Contains("✅ Stored", StringComparison.Ordinal), "stored");
        Assert.Contains("2 voices", next.PanelText, StringComparison.Ordinal);
        await next.UntilAsync(() => PanelFiles(next).Length == 0);
    }

    [Fact]
    public async Task Panel_that_was_deleted_is_posted_again_by_the_next_process_and_followed_there()
    {
        await using BotRig rig = await BotRig.StartAsync();
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal), "storing");
        await rig.StopAsync();
        SimulatedMessage old = rig.Panel!;
        await DeleteAsync(rig, old);

        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString);
        await next.UntilAsync(() => next.Panel!.Id != old.Id && !Directory.Exists(next.Folder.Combine("spool", session)), "posted again");
        rig.Api.Add(RecordingApiStandIn.Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id));
        await next.UntilAsync(() => next.PanelText.Contains("✅ Stored", StringComparison.Ordinal), "stored");
        await next.UntilAsync(() => PanelFiles(next).Length == 0);
    }

    [Fact]
    public async Task Panel_is_followed_by_a_process_that_comes_a_day_later()
    {
        await using BotRig rig = await BotRig.StartAsync();
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal), "storing");
        await rig.StopAsync();
        LeapingTime time = new();
        time.Leap(TimeSpan.FromHours(25));

        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, time: time);
        rig.Api.Add(RecordingApiStandIn.Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id));
        await next.UntilAsync(() => next.PanelText.Contains("✅ Stored", StringComparison.Ordinal), "stored");
    }

    [Fact]
    public async Task Panel_that_is_not_reachable_is_shown_when_Discord_answers_again()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal), "storing");
        using DiscordSimulator.Faults.FaultHandle away = rig.Discord.Faults.Add(
            new DiscordSimulator.Faults.RefuseRest(503) { Method = "PATCH", Path = "/messages/" });
        rig.Api.Add(RecordingApiStandIn.Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id));
        await rig.UntilAsync(() => rig.Log.Lines.Any(line => line.EventId == 4207));
        away.Dispose();
        await rig.UntilAsync(() => rig.PanelText.Contains("✅ Stored", StringComparison.Ordinal), "stored");
    }

    [Fact]
    public async Task Recording_that_had_not_ended_after_all_goes_on_and_its_panel_too()
    {
        await using BotRig rig = await BotRig.StartAsync();
        RecordedCall running = await rig.RecordSpeechAsync();
        await rig.UntilAsync(() => running.Panel.Posted is not null);
        PanelState last = running.Panel.Draw() with { Phase = PanelPhase.Storing };
        await rig.StopAsync();
        new FollowedPanels(rig.Folder.Combine("spool", "state"), NullLogger.Instance).Keep(last, running.Panel.Posted);
        Assert.Single(PanelFiles(rig));

        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Current?.Session.RecordingId == last.Session.RecordingId);
        Assert.Empty(PanelFiles(next));
        await next.UntilAsync(() => next.PanelText.Contains("🔴 Recording", StringComparison.Ordinal), "recording");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"state\":")]
    [InlineData("{}")]
    [InlineData("{\"state\":null,\"panel\":\"1/2/3\"}")]
    [InlineData(
        "{\"panel\":\"elsewhere\",\"state\":{\"channelId\":1,\"phase\":5,\"session\":{"
        + "\"recordingId\":\"0198c0de-0000-7000-8000-000000000001\",\"guildId\":\"1\","
        + "\"guildName\":\"G\",\"channelId\":\"1\",\"startedBy\":\"1\",\"startedAt\":\"2026-11-22T12:00:00Z\"}}}")]
    public void File_that_cannot_be_understood_is_told_and_goes(string content)
    {
        using TempFolder folder = new();
        LogSink log = new();
        string file = folder.Combine("panel-0198c0de-0000-7000-8000-000000000001.json");
        File.WriteAllText(file, content);
        Assert.Empty(new FollowedPanels(folder.Path, log.CreateLogger("panels")).Load());
        Assert.Contains(log.Lines, line => line.EventId == 4216);
        Assert.False(File.Exists(file));
    }

    private static async Task DeleteAsync(BotRig rig, SimulatedMessage message)
    {
        using HttpClient http = new();
        using HttpRequestMessage request = new(HttpMethod.Delete,
            $"{rig.Discord.ApiBaseUrl.TrimEnd('/')}/channels/{message.Channel.Id}/messages/{message.Id}");
        request.Headers.TryAddWithoutValidation("Authorization", "Bot " + rig.Discord.Bot.Token);
        request.Headers.TryAddWithoutValidation("User-Agent", "DiscordBot (https://example.org, 1)");
        using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private static string[] PanelFiles(BotRig rig) => Directory.GetFiles(rig.Folder.Combine("spool", "state"), "panel-*.json");
}
