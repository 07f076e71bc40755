using System.Diagnostics;
using System.Globalization;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>Nobody who said no is recorded: not while Discord is slow, not after a crash, not with the recording API away.</summary>
public sealed class OptOutTests(AzuriteFixture azurite)
{
    private const string Messages = "^/channels/[0-9]+/messages";

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(6);

    public static TheoryData<string> SlowPanels => new("late", "limited");

    [Theory]
    [MemberData(nameof(SlowPanels))]
    public async Task Nothing_of_an_opted_out_person_is_kept_while_the_panel_waits(string how)
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        using HeldFiles watch = new(rig.Folder.Combine("spool"), ben.UserId);
        rig.Discord.Faults.Add(how == "late" ? new DelayRest(Late) { Method = "POST", Path = Messages }
            : new LimitRest(Late) { Method = "POST", Path = Messages, Times = 1 });
        Task<SimulatedInteraction> starting = rig.RecordAsync();
        await rig.UntilAsync(() => rig.Current is { Call.State: VoiceCallState.Connected });
        Task speaking = ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(4)));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Refused > 100);
        Assert.False(starting.IsCompleted); // the panel is still on its way
        await speaking;
        await starting;
        Contracts.RecordingId recording = rig.Current!.Session.RecordingId;
        await rig.AskAsync(rig.Admin, "record stop");
        Recordings.StorageEye eye = new(azurite.ConnectionString);
        await Recordings.BotRoom.UntilAsync(async () => (await eye.StoppedAsync(recording)).Count == 1, "all that there is was uploaded");
        Assert.Empty(watch.Seen());
        Assert.DoesNotContain((await eye.BlobsAsync(recording)).Keys, name => name.Contains(Id(ben), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Button_that_is_pressed_while_the_start_still_waits_holds_at_once_and_deletes_what_was_kept()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        rig.Discord.Faults.Add(new DelayRest(Late) { Method = "POST", Path = Messages });
        Task<SimulatedInteraction> starting = rig.RecordAsync();
        await rig.UntilAsync(() => rig.Current is { Call.State: VoiceCallState.Connected });
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => FilesOf(rig, ben).Length > 0);
        SimulatedInteraction said = await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        Assert.Equal(Texts.OutNow, said.Text);
        Assert.False(starting.IsCompleted);
        await rig.UntilAsync(() => FilesOf(rig, ben).Length == 0);
        await ben.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Refused >= 50);
        await starting;
        await rig.AskAsync(rig.Admin, "record stop");
        Assert.Empty(FilesOf(rig, ben));
    }

    [Fact]
    public async Task Button_keeps_those_out_who_are_out_already()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        await rig.AskAsync(ben, "record me", new() { ["choice"] = "out" });
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        Assert.Equal(Texts.OutNow, (await rig.PressAsync(ben, rig.Panel!, ConsentTexts.OptOutButton)).Text);
        Assert.True(rig.Current!.Host.Recording.Consent.IsOptedOut(ben.Id));
        Assert.True(rig.Settings.IsOptedOut(rig.Discord.Guild.Id, ben.Id));
        Assert.Equal(Texts.InNow, (await rig.AskAsync(ben, "record me")).Text); // the command takes the other one
        Assert.False(rig.Current!.Host.Recording.Consent.IsOptedOut(ben.Id));
    }

    [Fact]
    public async Task Segments_that_wait_for_the_storage_go_with_the_opt_out_and_the_manifest_names_none_of_them()
    {
        await using BotRig rig = await BotRig.StartAsync(
            capture: new Bot.Capture.CaptureOptions { MaximumSegmentDuration = TimeSpan.FromSeconds(1) });
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(4)));
        await rig.UntilAsync(() => FilesOf(rig, ben).Count(file => file.EndsWith(".wav", StringComparison.Ordinal)) >= 3);
        await rig.UntilAsync(() => rig.Current!.Host.Manifest.Tracks.Any(track => track.Segments.Count > 0));
        await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        await rig.UntilAsync(() => FilesOf(rig, ben).Length == 0);
        Contracts.SessionManifest manifest = rig.Current!.Host.Manifest;
        Contracts.TrackSummary track = Assert.Single(manifest.Tracks);
        Assert.Empty(track.Segments);
        Assert.Equal((0, Contracts.SegmentChain.Empty), (track.SampleCount, track.Chain));
        Assert.Equal([ben.UserId], manifest.OptedOut);
        await ben.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(2)));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Refused >= 100);
        Assert.Empty(FilesOf(rig, ben));
    }

    // By another bot of the server, or by who writes to the API.
    [Fact]
    public async Task Opting_out_elsewhere_is_heeded_by_a_recording_that_runs()
    {
        LeapingTime time = new();
        await using BotRig rig = await BotRig.StartAsync(time: time);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben"), eve = rig.Discord.AddSpeaker("Eve");
        await rig.RecordAsync();
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1))),
            eve.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(1))));
        await rig.UntilAsync(() => FilesOf(rig, ben).Length > 0 && FilesOf(rig, eve).Length > 0);
        rig.Api.PutSettings(rig.Discord.Guild.Id, new() { OptedOutUserIds = [Id(ben)] });
        time.Leap(GuildSettingsStore.HeedInterval);
        await rig.UntilAsync(() => FilesOf(rig, ben).Length == 0);
        Assert.Equal([ben.UserId], rig.Current!.Host.Manifest.OptedOut);
        Assert.NotEmpty(FilesOf(rig, eve));
        await rig.UntilAsync(() => rig.Discord.TextChannel.Messages.Any(message => message.Text == Texts.OptedOut([ben.UserId])));

        rig.Api.IsElsewhere = true; // what was heard holds
        time.Leap(GuildSettingsStore.HeedInterval);
        await rig.UntilAsync(() => rig.Log.Lines.Any(line => line.EventId == 4220));
        Assert.True(rig.Current!.Host.Recording.Consent.IsOptedOut(ben.UserId));
    }

    public static TheoryData<string> AfterTheStop => new("record me", "record forget me");

    [Theory]
    [MemberData(nameof(AfterTheStop))]
    public async Task What_waits_of_a_recording_that_is_over_goes_with_the_opt_out_and_is_never_stored(string command)
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api); // its storage is away
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben"), eve = rig.Discord.AddSpeaker("Eve");
        await rig.RecordAsync();
        Contracts.RecordingId recording = rig.Current!.Session.RecordingId;
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2))),
            eve.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(2))));
        await rig.UntilAsync(() => FilesOf(rig, ben).Length > 0 && FilesOf(rig, eve).Length > 0);
        await rig.AskAsync(rig.Admin, "record stop");
        Assert.NotEmpty(FilesOf(rig, ben));
        await OptOutAsync(rig, ben, command);
        Assert.Empty(FilesOf(rig, ben)); // the answer has said so
        Assert.NotEmpty(FilesOf(rig, eve));
        await rig.StopAsync();

        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString);
        Recordings.StorageEye eye = new(azurite.ConnectionString);
        await Recordings.BotRoom.UntilAsync(async () => (await eye.StoppedAsync(recording)).Count > 0, "the stop is told");
        Assert.Equal([eve.UserId], (await eye.SegmentsAsync(recording)).Select(segment => segment.UserId).Distinct());
        Assert.DoesNotContain((await eye.BlobsAsync(recording)).Keys, name => name.Contains(Id(ben), StringComparison.Ordinal));
        Contracts.SessionManifest manifest = (await eye.ManifestAsync(recording))!;
        Assert.Contains(ben.UserId, manifest.OptedOut!);
        Assert.DoesNotContain(manifest.Tracks, track => track.UserId == ben.UserId && track.Segments.Count > 0);
        Assert.Equal(command == "record me" ? [] : [ben.UserId], manifest.Consent!.Erased());
    }

    [Fact]
    public async Task Opting_out_while_a_recording_ends_deletes_what_waits_of_it()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        Bot.Calls.RecordedCall call = rig.Current!;
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2)));
        await rig.UntilAsync(() => FilesOf(rig, ben).Length > 0);
        rig.Discord.Faults.Add(new DelayRest(Late) { Method = "PATCH", Path = "/members/@me$" });
        Task<SimulatedInteraction> stopping = rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => call.Host.Ended.IsCompleted);
        Assert.NotEmpty(FilesOf(rig, ben));
        await OptOutAsync(rig, ben, "record me");
        Assert.Empty(FilesOf(rig, ben));
        Assert.Contains(ben.UserId, call.Host.Manifest.OptedOut!);
        await stopping;
    }

    [Fact]
    public async Task Replica_without_the_disk_and_without_the_API_records_nobody_who_had_opted_out()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben"), eve = rig.Discord.AddSpeaker("Eve");
        await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        await rig.RecordAsync();
        rig.Api.IsAway = true;
        await rig.AskAsync(eve.Member, "record me", new() { ["choice"] = "out" }); // no other disk knows it
        Contracts.RecordingId recording = rig.Current!.Session.RecordingId;
        Recordings.StorageEye eye = new(azurite.ConnectionString);
        // By the time she has her answer: this process and its disk may be gone right after.
        Assert.Contains(eve.UserId, (await eye.ManifestAsync(recording))!.OptedOut!);
        await rig.StopAsync();

        using TempFolder otherDisk = new();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, folder: otherDisk);
        await next.UntilAsync(() => next.Current is { Call.State: VoiceCallState.Connected });
        Assert.Equal(recording, next.Current!.Session.RecordingId);
        using HeldFiles bens = new(otherDisk.Combine("spool"), ben.UserId), eves = new(otherDisk.Combine("spool"), eve.UserId);
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2))),
            eve.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(2))));
        await next.UntilAsync(() => next.Current!.Host.Snapshot.Refused >= 150);
        await next.AskAsync(rig.Admin, "record stop");
        Assert.Empty(bens.Seen());
        Assert.Empty(eves.Seen());
        Assert.DoesNotContain(await eye.BlobsAsync(recording), blob =>
            blob.Key.Contains(Id(ben), StringComparison.Ordinal) || blob.Key.Contains(Id(eve), StringComparison.Ordinal));

        rig.Api.IsAway = false; // the settings get to know what only the lost disk had remembered
        await next.AskAsync(rig.Admin, "record settings");
        Assert.Contains(Id(eve), rig.Api.SettingsOf(rig.Discord.Guild.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pressing_again_and_again_is_slowed_and_fills_no_channel()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedMember outside = rig.Discord.Guild.AddMember("Outside");
        SimulatedMember inside = rig.Discord.Guild.AddMember("Inside");
        rig.Discord.Guild.Join(inside, rig.Discord.VoiceChannel);
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        Stopwatch pressing = Stopwatch.StartNew();
        SimulatedInteraction[] pressed = await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(_ => new[] { outside, inside })
            .Select(member => rig.PressAsync(member, rig.Panel!, "Don't record me")));
        // 8 in 10 s are taken: of two times ten that lasted longer, all may be.
        int least = pressing.Elapsed < TimeSpan.FromSeconds(10) ? 1 : 0;
        Assert.InRange(pressed.Count(one => one.Text!.StartsWith("Easy.", StringComparison.Ordinal)), least, 4);
        Assert.DoesNotContain(Texts.InNow, pressed.Select(one => one.Text));
        Assert.True(rig.Settings.IsOptedOut(rig.Discord.Guild.Id, inside.Id));
        Assert.True(rig.Settings.IsOptedOut(rig.Discord.Guild.Id, outside.Id));
        Assert.True(rig.Current!.Host.Recording.Consent.IsOptedOut(inside.Id));
        await rig.UntilSaidAsync(Texts.OptedOut([inside.Id]));
        await rig.AskAsync(rig.Admin, "record status"); // what was posted before has arrived
        Assert.Single(rig.Discord.Guild.Channels.SelectMany(channel => channel.Messages), message =>
            message.Text == Texts.OptedOut([inside.Id]));
        Assert.False(rig.Said(Texts.OptedOut([outside.Id])));
    }

    [Fact]
    public async Task Whose_coming_found_the_queue_full_is_told_all_the_more()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        Bot.Guilds.GuildRecorder recorder = rig.Recorders.For(rig.Discord.Guild.Id);
        using ManualResetEventSlim gate = new();
        Task<string?> busy = recorder.WithCurrentAsync(_ =>
        {
            gate.Wait();
            return "done";
        });
        Discord.Model.VoiceState other = new() { UserId = 5, GuildId = rig.Discord.Guild.Id, ChannelId = rig.Discord.StageChannel.Id };
        for (int i = 0; i <= Bot.Calls.SerialQueue.Capacity; i++)
            recorder.OnEvent(new Discord.Gateway.GatewayEvent.VoiceStateChanged(other, null, Discord.Gateway.VoiceStateOrigin.Update));
        SimulatedMember zoe = rig.Discord.Guild.AddMember("Zoe");
        rig.Discord.Guild.Join(zoe, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() =>
            rig.Gateway.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.GetValueOrDefault(zoe.Id)?.ChannelId == rig.Discord.VoiceChannel.Id);
        await rig.UntilAsync(() => rig.Log.Lines.Any(line => line.EventId == 4212));
        gate.Set();
        Assert.Equal("done", await busy);
        await rig.UntilSaidAsync(ConsentTexts.Late([zoe.Id], Bot.ServerSettings.ConsentMode.Off));
    }

    [Fact]
    public async Task Note_that_is_not_kept_is_not_said_to_be_noted()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        for (int i = 0; i < 100; i++) Assert.Equal(Bot.Capture.NoteOutcome.Taken, rig.Current!.Host.Recording.AddNote(rig.Admin.Id, "n"));
        SimulatedInteraction answer = await rig.AskAsync(rig.Admin, "record note", new() { ["text"] = "one more" });
        Assert.Equal(Texts.Noted(Bot.Capture.NoteOutcome.TooManyOfOne), answer.Text);
        Assert.Equal(100, rig.Current!.Host.Snapshot.Notes.Length);
        Assert.Equal(Bot.Capture.NoteOutcome.Taken, rig.Current!.Host.Recording.AddNote(7, "others go on"));
    }

    private static async Task OptOutAsync(BotRig rig, SimulatedSpeaker who, string command)
    {
        if (command == "record me")
        {
            Assert.Equal(Texts.OutNow, (await rig.AskAsync(who.Member, command, new() { ["choice"] = "out" })).Text);
            return;
        }
        SimulatedInteraction asked = await rig.AskAsync(who.Member, command);
        Assert.Equal(Bot.Retention.ForgetTexts.Begun, (await rig.PressAsync(who.Member, asked.Original!, "Erase me for good")).Text);
    }

    private static string Id(SimulatedSpeaker speaker) => speaker.UserId.ToString(CultureInfo.InvariantCulture);

    private static string[] FilesOf(BotRig rig, SimulatedSpeaker speaker) => HeldFiles.Of(rig.Folder.Combine("spool"), speaker.UserId);
}
