using Pipeline.Bot.Panel;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.EndToEnd.Tests.Deploy;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.Hostile;

/// <summary>Stops, kills and commands that come at the worst moment.</summary>
public sealed class HostileMomentTests(AzuriteFixture fixture)
{
    private const string Ready = "Shard 0 is ready";

    [Fact]
    [Trait("Category", "Long")]
    public async Task Stop_of_the_process_while_the_storage_is_away_leaves_all_to_the_next_one()
    {
        await using HostileCall call = await HostileCall.StartAsync(fixture.Azurite, 22);
        ChildProcess first = await call.StartBotAsync();
        await call.AskAsync("record start");
        await call.TalkAsync(4);
        call.CutStorage();
        await call.TalkAsync(7);
        await HostileCall.TerminateAsync(first);
        Assert.NotEmpty(call.SpooledAudio);

        call.MendStorage();
        await call.StartBotAsync();
        await call.UntilHearsAsync();
        await call.TalkAsync(3);
        await call.AskAsync("record stop");
        RecordingDetails recording = Assert.Single(await call.CompletedAsync(1));
        // What the voice server has sent to the bot: a busy machine sends less, and all of it must be there.
        double sent = call.SecondsSent;
        Assert.InRange(sent, 13, 14.2);
        Assert.InRange(HostileCall.Seconds(recording), sent - 0.1, sent + 1.5);
        Assert.Contains(recording.Gaps, gap => gap.Reason == "takeover");
        await call.RequireCleanAsync();
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Stop_of_the_recording_while_the_storage_is_away_ends_well_after_a_restart_and_so_does_its_panel()
    {
        await using HostileCall call = await HostileCall.StartAsync(fixture.Azurite, 23);
        ChildProcess first = await call.StartBotAsync();
        await call.AskAsync("record start");
        await call.TalkAsync(4);
        call.CutStorage();
        await call.TalkAsync(4);
        SimulatedInteraction stop = await call.AskAsync("record stop");
        Assert.Contains("Stopping.", stop.Text, StringComparison.Ordinal);
        Assert.Equal(Texts.NothingToStop, (await call.AskAsync("record stop")).Text);
        await call.UntilAsync(() => call.Panel!.Text.Contains("Ended, storing", StringComparison.Ordinal));
        await HostileCall.TerminateAsync(first);
        Assert.NotEmpty(call.SpooledAudio);

        await call.StartBotAsync();
        await call.AskAsync("record status");
        call.MendStorage();
        RecordingDetails recording = Assert.Single(await call.CompletedAsync(1));
        Assert.Equal("stopped", recording.EndReason);
        Assert.InRange(HostileCall.Seconds(recording), 7.5, 9);
        await call.UntilAsync(() => call.Panel!.Text.Contains("✅ Stored", StringComparison.Ordinal));
        await call.RequireCleanAsync();
        Assert.Null(call.Discord.BotMember.Nickname);
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Stop_of_the_process_during_a_takeover_leaves_the_recording_to_the_next_one()
    {
        await using HostileCall call = await HostileCall.StartAsync(fixture.Azurite, 24);
        ChildProcess victim = await call.StartBotAsync();
        await call.AskAsync("record start");
        await call.TalkAsync(5);
        await HostileCall.KillAsync(victim);
        // At every step of a start that is slow: standing by, while it looks for the recording, when it asks for the lease, when it has
        // just got it.
        foreach ((string after, double wait) in new[] { ("Standing by", 0.2), (Ready, 0.3), (Ready, 1.5), (Ready, 2.7), (Ready, 3.9),
            (Ready, 6) })
        {
            call.SlowStorage(TimeSpan.FromSeconds(1));
            ChildProcess hurried = await call.StartBotAsync(waits: false);
            await hurried.WaitForLineAsync(line => line.Contains(after, StringComparison.Ordinal), TimeSpan.FromMinutes(1));
            await Task.Delay(TimeSpan.FromSeconds(wait), TestContext.Current.CancellationToken);
            await HostileCall.TerminateAsync(hurried);
        }
        call.SlowStorage(TimeSpan.Zero);
        await call.StartBotAsync();
        await call.UntilAsync(() => call.Discord.Guild.VoiceStateOf(call.Discord.Bot.Id) is not null);
        await call.TalkAsync(4);
        await call.AskAsync("record stop");
        RecordingDetails recording = Assert.Single(await call.CompletedAsync(1));
        // Nine seconds were said; the crash costs what was not on the disk yet, and a busy machine is late with that.
        Assert.InRange(HostileCall.Seconds(recording), 7, 10.5);
        await call.RequireCleanAsync();
    }

    [Fact]
    public async Task Hasty_commands_and_a_bot_that_is_thrown_out_make_one_whole_recording_each()
    {
        await using HostileCall call = await HostileCall.StartAsync(fixture.Azurite, 25);
        await call.StartBotAsync();
        SimulatedInteraction[] starts = await Task.WhenAll(call.AskAsync("record start"), call.AskAsync("record start"),
            call.AskAsync("join"));
        Assert.Single(starts, start => start.Text.StartsWith("Recording", StringComparison.Ordinal));
        Assert.Equal(2, starts.Count(start => start.Text.Contains("already running", StringComparison.Ordinal)));
        await call.TalkAsync(3);
        await call.UntilAsync(() => call.Panel?.ButtonWithLabel("Stop") is not null);
        string stop = call.Panel!.ButtonWithLabel("Stop")!;
        SimulatedInteraction[] presses = await Task.WhenAll(call.Discord.Interactions.PressAsync(call.Owner, call.Panel!, stop),
            call.Discord.Interactions.PressAsync(call.Owner, call.Panel!, stop));
        await call.UntilAsync(() => presses.All(press => press.HasAnswer));
        Assert.Single(presses, press => press.Text.Contains("Stopping.", StringComparison.Ordinal));
        Assert.Single(await call.CompletedAsync(1));

        await call.AskAsync("record start");
        await call.TalkAsync(3);
        call.Discord.Guild.Remove(call.Discord.BotMember);
        IReadOnlyList<RecordingDetails> recordings = await call.CompletedAsync(2);
        RecordingDetails last = recordings.MaxBy(recording => recording.RecordedAt)!;
        Assert.Equal("disconnected", last.EndReason);
        Assert.InRange(HostileCall.Seconds(last), 2.5, 4);
        Assert.True(call.Discord.IsConnected(call.Discord.Bot));
        Assert.Contains(call.Discord.DirectChannel(call.Owner.User).Messages, (SimulatedMessage message) =>
            message.Text.Contains("I was removed from the server", StringComparison.Ordinal));
        await call.RequireCleanAsync();
    }
}
