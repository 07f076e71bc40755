using System.Text.Json;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Retention;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What people hear of a recording's last day, and of their own erasure.</summary>
public sealed class RetentionSituationTests
{
    [Fact]
    public async Task Starter_hears_of_the_last_day_once_and_may_keep_the_recording()
    {
        string id = RecordingId.New(TimeProvider.System).ToString();
        RecordingApiStandIn api = new();
        await using BotRig rig = await BotRig.StartAsync(api: api);
        RecordingDetails near = RecordingApiStandIn.Finished(id, id, rig.Discord.Guild.Id, rig.Admin.Id) with
        {
            DeletesAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1),
        };
        await rig.StopAsync();
        api.Add(near);
        await using (BotRig next = await BotRig.StartAsync(after: rig))
        {
            await next.UntilAsync(() => next.Told(rig.Admin, KeepTexts.Soon(near, near.DeletesAt.Value)));
        }
        await using BotRig last = await BotRig.StartAsync(after: rig);
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        Assert.Equal(KeepTexts.NeedsRight, (await last.AskAsync(ben, "record keep", new() { ["recording"] = id })).Text);
        Assert.Equal(KeepTexts.Kept, (await last.AskAsync(rig.Admin, "record keep", new() { ["recording"] = id })).Text);
        Assert.Contains(api.Requests, request => request == $"PATCH /api/recordings/{id}");
        Assert.Single(rig.Discord.DirectChannel(rig.Admin.User).Messages, message =>
            message.Text.Contains("is deleted", StringComparison.Ordinal));
    }

    /// <summary>Those that expire are the oldest, and stand at the end of a list that is newest first.</summary>
    [Fact]
    public async Task Starter_hears_of_the_last_day_of_one_behind_five_thousand_others()
    {
        RecordingApiStandIn api = new();
        await using BotRig rig = await BotRig.StartAsync(api: api);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        RecordingDetails[] all = [.. Enumerable.Range(0, 5_001).Select(day => RecordingApiStandIn.Finished($"rec-{day}",
            RecordingId.New(TimeProvider.System).ToString(), rig.Discord.Guild.Id, rig.Admin.Id) with
            {
                RecordedAt = now.AddDays(day - 6_000),
                DeletesAt = now.AddDays(day + 1.5),
            })];
        await rig.StopAsync();
        Directory.CreateDirectory(rig.Folder.Combine("spool", "state"));
        string told = rig.Folder.Combine("spool", "state", $"expiring-{rig.Discord.Guild.Id}.json");
        await File.WriteAllTextAsync(told, """["deleted since"]""", TestContext.Current.CancellationToken);
        foreach (RecordingDetails one in all) api.Add(one);

        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Told(rig.Admin, KeepTexts.Soon(all[0], all[0].DeletesAt!.Value)));
        await next.UntilAsync(() => File.ReadAllText(told) == """["rec-0"]"""); // and whom it was told of before is forgotten
        Assert.Single(rig.Discord.DirectChannel(rig.Admin.User).Messages, message =>
            message.Text.Contains("is deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Starter_hears_of_the_last_day_once_although_the_disk_takes_no_word_of_it()
    {
        using TempFolder state = new();
        RecordingApiStandIn api = new();
        LeapingTime time = new();
        await using BotRig rig = await BotRig.StartAsync(api: api, time: time,
            change: options => options with { StateFolder = state.Path });
        using LockedFolder locked = new(state.Path);
        Assert.SkipUnless(locked.IsLocked, "this machine writes whatever a test may do");
        await rig.UntilAsync(() => Rounds() > 0); // there was nothing to tell yet
        RecordingDetails[] near = [.. Enumerable.Range(0, 2).Select(_ => RecordingId.New(TimeProvider.System).ToString()).Select(id =>
            RecordingApiStandIn.Finished(id, id, rig.Discord.Guild.Id, rig.Admin.Id) with
            {
                DeletesAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1),
            })];
        foreach (RecordingDetails one in near) api.Add(one);
        for (int round = 0; round < 2; round++)
        {
            int before = Rounds();
            time.Leap(TimeSpan.FromHours(6));
            await rig.UntilAsync(() => Rounds() > before && Told() >= near.Length);
        }
        await rig.StopAsync(); // the last round is over
        Assert.Equal(near.Length, Told());

        int Rounds() => api.Requests.Count(request => request == "GET /api/recordings");
        int Told() => rig.Discord.DirectChannel(rig.Admin.User).Messages.Count(message =>
            message.Text.Contains("is deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_asks_to_be_forgotten_is_out_at_once_and_hears_of_the_end_even_after_a_restart()
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId).Length > 0);
        SimulatedInteraction asked = await rig.AskAsync(ben.Member, "record forget me");
        Assert.StartsWith(ForgetTexts.Confirm, asked.Text, StringComparison.Ordinal);
        Assert.NotEmpty(HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId)); // not before the answer
        SimulatedInteraction pressed = await rig.PressAsync(ben.Member, asked.Original!, "Erase me for good");
        Assert.Equal(ForgetTexts.Begun, pressed.Text);
        await rig.UntilAsync(() => HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId).Length == 0);
        ConsentEntry word = rig.Current!.Host.Ledger!.Entries[^1];
        Assert.Equal((ben.UserId, null, ConsentEntry.Erased), (word.UserId, word.Username, word.Choice));
        await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "in" });
        await ben.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(1)));
        await rig.AskAsync(rig.Admin, "record stop");
        Assert.Empty(HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId)); // out of this recording for good
        await rig.StopAsync();
        api.Erasures[$"guilds/{rig.Discord.Guild.Id}/{ben.UserId}"] =
            new PersonErasure { Status = PersonErasure.Erased, Recordings = 2, Segments = 7, Samples = 96_000 };
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Told(ben.Member, "You are erased from 2 recordings: 7 pieces"));
        await next.UntilAsync(() => Directory.GetFiles(rig.Folder.Combine("spool", "state"), "forget-*").Length == 0);
    }

    [Fact]
    public async Task Wish_of_a_process_that_ended_at_once_is_heeded_by_the_next_one()
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        RecordingId recording = rig.Current!.Session.RecordingId;
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId).Length > 0);
        await rig.StopAsync();
        ForgetWish wish = new(rig.Discord.Guild.Id, $"recordings/{recording}", ben.UserId) { At = TimeProvider.System.GetUtcNow() };
        await File.WriteAllTextAsync(rig.Folder.Combine("spool", "state", wish.FileName),
            JsonSerializer.Serialize(wish, ForgetJsonContext.Default.ForgetWish), TestContext.Current.CancellationToken);

        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Current?.Consent.IsErased(ben.UserId) == true);
        Assert.Equal(recording, next.Current!.Session.RecordingId);
        await next.UntilAsync(() => HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId).Length == 0);
        await next.UntilAsync(() => api.Requests.Contains($"PUT /api/recordings/{recording}/erasures/{ben.UserId}"));
    }

    [Fact]
    public async Task Erased_person_is_told_once_although_the_disk_keeps_the_wish()
    {
        using TempFolder state = new();
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api, change: options => options with { StateFolder = state.Path });
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben"), eve = rig.Discord.Guild.AddMember("Eve");
        foreach (SimulatedMember one in new[] { ben, eve })
        {
            SimulatedInteraction asked = await rig.AskAsync(one, "record forget me");
            Assert.Equal(ForgetTexts.Begun, (await rig.PressAsync(one, asked.Original!, "Erase me for good")).Text);
        }
        string wish = Assert.Single(Directory.GetFiles(state.Path, $"forget-*{ben.Id}*"));
        using LockedFolder locked = new(state.Path);
        Assert.SkipUnless(locked.IsLocked, "this machine deletes whatever a test may do");
        api.Erasures[$"guilds/{rig.Discord.Guild.Id}/{ben.Id}"] =
            new PersonErasure { Status = PersonErasure.Erased, Recordings = 2, Segments = 7, Samples = 96_000 };
        await rig.UntilAsync(() => Told() > 0);
        int before = Rounds();
        await rig.UntilAsync(() => Rounds() >= before + 3); // the same service asks for her each time
        Assert.Equal(1, Told());
        Assert.Single(rig.Log.Lines, line => line.EventId == 4202); // the file that is kept
        SimulatedInteraction again = await rig.AskAsync(ben, "record forget me");
        await rig.PressAsync(ben, again.Original!, "Erase me for good");
        await rig.UntilAsync(() => Told() == 2); // wished once more, told once more
        locked.Dispose();
        await rig.UntilAsync(() => !File.Exists(wish));
        Assert.Equal(2, Told());

        int Told() => rig.Discord.DirectChannel(ben.User).Messages.Count(message =>
            message.Text.Contains("You are erased from 2 recordings", StringComparison.Ordinal));
        int Rounds() => api.Requests.Count(request => request == $"GET /api/guilds/{rig.Discord.Guild.Id}/erasures/{eve.Id}");
    }

    [Fact]
    public async Task Who_is_erased_from_one_part_stays_out_of_the_next()
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api,
            capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(4) });
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "ask" });
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        RecordingId first = rig.Current!.Session.RecordingId;
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.EraseButton);
        await rig.UntilAsync(() => rig.Current is { } next && next.Session.RecordingId != first);
        Assert.True(rig.Current!.Host.Recording.Consent.IsOptedOut(ben.UserId));
        Assert.True(rig.Current.Consent.IsErased(ben.UserId));
    }

    [Fact]
    public async Task Who_is_erased_while_a_part_ends_stays_out_of_the_next()
    {
        // So long the next part waits for the settings at most; here until the test has done what it does meanwhile.
        PatientTime time = new(TimeSpan.FromSeconds(2));
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api, time: time);
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "ask" });
        await rig.RecordAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        string told = ConsentTexts.Late([ben.UserId], ConsentMode.Ask);
        SimulatedMessage? Message() => rig.Discord.VoiceChannel.Messages.FirstOrDefault(one =>
            one.Text.Contains(told, StringComparison.Ordinal));
        await rig.UntilAsync(() => Message() is not null);
        TaskCompletionSource held = new();
        api.IsAway = true;
        api.Hold = ("/settings", held.Task);
        rig.Settings.SetOptOuts(rig.Discord.Guild.Id, [4242], optedOut: true); // the settings have to be asked for once more
        RecordedCall first = rig.Current!;
        _ = first.Host.StopAsync(EndReason.Limit, TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => first.IsEnding);
        Assert.Equal(ForgetTexts.BegunHere, (await rig.PressAsync(ben.Member, Message()!, ConsentTexts.EraseButton)).Text);
        held.SetResult();
        await rig.UntilAsync(() => rig.Current is { } next && next != first);
        Assert.True(rig.Current!.Host.Recording.Consent.IsOptedOut(ben.UserId));
        Assert.True(rig.Current.Consent.IsErased(ben.UserId));
    }

    [Fact]
    public async Task Button_of_a_call_that_asks_erases_from_that_recording_only()
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api);
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "ask" });
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        string id = rig.Current!.Session.RecordingId.ToString();
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId).Length > 0);
        await rig.UntilAsync(() => rig.Panel is not null);
        SimulatedInteraction pressed = await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.EraseButton);
        Assert.Equal(ForgetTexts.BegunHere, pressed.Text);
        await rig.UntilAsync(() => HeldFiles.Of(rig.Folder.Combine("spool"), ben.UserId).Length == 0);
        Assert.Contains($"PUT /api/recordings/{id}/erasures/{ben.UserId}", api.Requests);
        Assert.DoesNotContain(ben.UserId.ToString(), api.SettingsOf(rig.Discord.Guild.Id)!, StringComparison.Ordinal);
    }
}
