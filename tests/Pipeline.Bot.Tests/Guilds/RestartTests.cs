using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Storage;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What people hear when a process ends in the middle of a recording and another one finds it.</summary>
public sealed class RestartTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Stop_on_a_disk_that_takes_nothing_is_answered_and_holds_after_a_restart()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        string folder = rig.Folder.Combine("spool", rig.Current!.Session.RecordingId.ToString());
        foreach (string file in new[] { "session.json", "stopped.json" }) Directory.CreateDirectory(Path.Combine(folder, file + ".next"));
        Assert.Equal(Texts.Stopping, (await rig.AskAsync(rig.Admin, "record stop")).Text);
        await rig.UntilAsync(() => rig.Current is null && rig.Discord.BotMember.Nickname is null);
        Directory.Delete(Path.Combine(folder, "session.json.next"));
        Directory.Delete(Path.Combine(folder, "stopped.json.next"));
        await rig.UntilAsync(() => File.Exists(Path.Combine(folder, "stopped.json"))); // its storage is away
        await rig.StopAsync();
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Recorders.IsSearched(rig.Discord.Guild.Id));
        Assert.Null(next.Current);
    }

    [Fact]
    public async Task Guild_that_hangs_in_a_request_keeps_no_other_from_being_handed_over()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        ActiveRecording other = await rig.Recordings.StartAsync(BotRoom.Request(), TestContext.Current.CancellationToken);
        Assert.True(await other.TryStoreAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        rig.Discord.Faults.Add(new LimitRest(TimeSpan.FromSeconds(55)) { Method = "PATCH", Path = "/members/@me$" });
        RecordedCall hanging = rig.Current!;
        await rig.Discord.Interactions.SlashCommandAsync(rig.Admin, rig.Discord.TextChannel, "record stop");
        await rig.UntilAsync(() => hanging.Host.Ended.IsCompleted); // its name is next
        using CancellationTokenSource killed = new(TimeSpan.FromSeconds(25));
        await rig.Pump.LeaveAsync(killed.Token); // as SIGTERM has it, one after the other
        await rig.Recordings.HandOverAllAsync(killed.Token);
        Assert.Equal(RecordingEnd.HandedOver, await other.Ended);
        TempStorage storage = new(new TempStorageOptions { Account = new StorageOptions { ConnectionString = azurite.ConnectionString } });
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireLeaseAsync(other.Session.RecordingId, "6f1f2bd0-0000-4000-8000-000000000007",
            TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Next_process_goes_on_with_the_same_recording_and_says_what_is_missing()
    {
        await using BotRig rig = await BotRig.StartAsync();
        RecordedCall running = await rig.RecordSpeechAsync();
        Contracts.RecordingId recording = running.Session.RecordingId;
        await rig.StopAsync();
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Current is not null);
        await next.UntilSaidAsync("I was restarted at");
        await next.UntilSaidOnceAsync("later in the same recording");
        Assert.False(next.Said("My host failed"));
        Assert.Equal(recording, next.Current!.Session.RecordingId);
        Assert.Contains("takeover", File.ReadAllText(next.Folder.Combine("spool", recording.ToString(), "session.json")),
            StringComparison.Ordinal);
        await next.UntilAsync(() => next.Told(rig.Admin, "later in the same recording"));
        await next.AskAsync(rig.Admin, "record stop");
        await next.UntilAsync(() => rig.Discord.BotMember.Nickname is null);
    }

    [Fact]
    public async Task Server_that_is_first_heard_of_while_the_bot_leaves_starts_nothing()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.Recorders.LeaveAllAsync();
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        GuildRecorder late = rig.Recorders.For(4242);
        Assert.True(late.IsLeaving);
        Assert.Contains("I am being restarted", (await rig.RecordAsync()).Text, StringComparison.Ordinal);
        Assert.Null(rig.Current);
    }

    [Theory]
    [InlineData(true, "I was restarted at")]
    [InlineData(false, "My host failed at")]
    public async Task End_that_is_found_when_everybody_has_gone_is_told_in_channel_and_to_the_starter(bool planned, string what)
    {
        await using BotRig rig = await BotRig.StartAsync();
        Contracts.RecordingId recording = (await rig.RecordSpeechAsync()).Session.RecordingId;
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.StopAsync();
        if (!planned) ForgetThatItWasPlanned(rig.Folder.Combine("spool", recording.ToString(), "session.json"));
        foreach (SimulatedMember member in rig.Discord.Guild.Members.Where(member => member.Id != rig.Discord.Bot.Id))
            rig.Discord.Guild.Leave(member);
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilSaidAsync("and nobody was in the channel when I was back. The recording ended there; what was heard until then");
        await next.UntilAsync(() => next.Told(rig.Admin, what));
        await next.UntilAsync(() =>
            next.PanelText.Contains("Ended, storing", StringComparison.Ordinal)
            && next.PanelText.Contains("nobody was in the channel", StringComparison.Ordinal), "panel");
        await next.UntilAsync(() => rig.Discord.BotMember.Nickname is null);
        Assert.Null(next.Current);
    }

    // A killed process leaves everything but this.
    private static void ForgetThatItWasPlanned(string file)
    {
        System.Text.Json.Nodes.JsonNode manifest = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!;
        Assert.True(manifest["properties"]!.AsObject().Remove("handedOver"));
        File.WriteAllText(file, manifest.ToJsonString());
    }
}
