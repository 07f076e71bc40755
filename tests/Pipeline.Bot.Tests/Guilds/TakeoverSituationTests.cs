using System.Globalization;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Storage;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What a new process makes of the recordings that it finds: whose they are, who is in them, whether it gets back in.</summary>
public sealed class TakeoverSituationTests(AzuriteFixture azurite)
{
    private const string Stranger = "6f1f2bd0-0000-4000-8000-000000000002";

    private readonly StorageEye eye = new(azurite.ConnectionString);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Recording_of_another_bot_is_left_alone_and_keeps_nobody_from_ours(bool runs)
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        RecordingId ours = (await rig.RecordSpeechAsync()).Session.RecordingId;
        await BotRoom.UntilAsync(async () => await eye.ManifestAsync(ours) is not null, "the manifest is stored");
        await rig.StopAsync();
        RecordingId theirs = await LeaveAsync(rig, "4242");
        if (runs) Assert.Equal(LeaseOutcome.Ours, await Storage().AcquireLeaseAsync(theirs, Stranger, Cancel));

        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString);
        await next.UntilAsync(() => next.Recorders.IsSearched(rig.Discord.Guild.Id));
        Assert.Equal(ours, next.Current!.Session.RecordingId);
        SessionManifest untouched = (await eye.ManifestAsync(theirs))!;
        Assert.Equal((ManifestState.Recording, 1), (untouched.State, untouched.Incarnation));
        Assert.False(Directory.Exists(rig.Folder.Combine("spool", theirs.ToString())));
        Assert.Equal(rig.Discord.Bot.Id.ToString(CultureInfo.InvariantCulture), (await eye.ManifestAsync(ours))!.Properties["bot"]);
    }

    [Fact]
    public async Task Recording_that_does_not_say_whose_it_is_is_gone_on_with_and_says_it_then()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.StopAsync();
        RecordingId left = await LeaveAsync(rig, bot: null);
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString);
        await next.UntilAsync(() => next.Current?.Session.RecordingId == left);
        Assert.Equal(rig.Discord.Bot.Id.ToString(CultureInfo.InvariantCulture), next.Current!.Host.Manifest.Properties["bot"]);
    }

    [Fact]
    public async Task Notes_of_one_person_are_as_many_as_one_may_set_also_after_a_takeover()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        for (int i = 0; i < GapLog.MostNotesOfOne; i++) Assert.Equal(NoteOutcome.Taken, rig.Current!.AddNote(rig.Admin.Id, $"note {i}"));
        await rig.StopAsync();
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Current is not null);
        SimulatedInteraction note = await next.AskAsync(rig.Admin, "record note", new() { ["text"] = "one more" });
        Assert.Equal("You have set 100 notes in this recording, as many as one person can. This one was not kept.", note.Text);
        Assert.Equal(GapLog.MostNotesOfOne, next.Current!.Host.Manifest.Notes.Count);
    }

    [Fact]
    public async Task Search_goes_on_after_a_storage_that_did_not_answer_in_time()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        RecordingId left = (await rig.RecordSpeechAsync()).Session.RecordingId;
        await BotRoom.UntilAsync(async () => await eye.ManifestAsync(left) is not null, "the manifest is stored");
        await rig.StopAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Unanswered = "comp=lease";
        using TempFolder otherDisk = new();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: connection, folder: otherDisk);
        await next.UntilAsync(() => blob.Held > 0);
        blob.Unanswered = null;
        next.Search.Look(); // at once after this search
        await next.UntilAsync(() => next.Current?.Session.RecordingId == left);
    }

    [Fact]
    public async Task Stop_of_another_recording_does_not_keep_a_later_takeover_from_its_call()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        RecordingId left = (await rig.RecordSpeechAsync()).Session.RecordingId;
        await BotRoom.UntilAsync(async () => await eye.ManifestAsync(left) is not null, "the manifest is stored");
        await rig.StopAsync();
        // As after a crash: its lease runs on for a while.
        Assert.Equal(LeaseOutcome.Ours, await Storage().AcquireLeaseAsync(left, Stranger, Cancel));
        using TempFolder otherDisk = new();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, folder: otherDisk);
        await next.RecordAsync();
        Assert.NotEqual(left, next.Current!.Session.RecordingId);
        await next.AskAsync(rig.Admin, "record stop");
        await next.UntilAsync(() => next.Current is null);
        await Storage().ReleaseLeaseAsync(left, Stranger, Cancel);
        await next.UntilAsync(() => next.Current is { Call.State: VoiceCallState.Connected } back && back.Session.RecordingId == left);
        Assert.Equal(0, next.Current!.Rejoins);
    }

    [Fact]
    public async Task Stop_during_a_takeover_is_not_kept_waiting_by_a_call_that_does_not_answer()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordSpeechAsync();
        await rig.StopAsync();
        using FaultHandle silence = rig.Discord.Faults.Add(new NoVoiceAnswer());
        await using BotRig next = await BotRig.StartAsync(after: rig, change: options =>
            options with { Voice = options.Voice with { JoinTimeout = TimeSpan.FromHours(1) } });
        await next.UntilAsync(() => next.Current is not null);
        SimulatedInteraction stopped = await next.AskAsync(rig.Admin, "record stop");
        Assert.Contains(Texts.Stopping, stopped.Text, StringComparison.Ordinal);
        await next.UntilAsync(() => next.Current is null);
    }

    [Fact]
    public async Task Takeover_that_does_not_get_in_at_first_is_told_when_it_is_in_and_shows_its_link()
    {
        RecordingApiStandIn api = new() { MakesLinks = true };
        await using BotRig rig = await BotRig.StartAsync(api: api);
        RecordingId recording = (await rig.RecordSpeechAsync()).Session.RecordingId;
        await rig.StopAsync();
        using FaultHandle silence = rig.Discord.Faults.Add(new NoVoiceAnswer());
        await using BotRig next = await BotRig.StartAsync(after: rig, change: options => options with
        {
            RejoinDelay = TimeSpan.FromSeconds(1),
            Voice = options.Voice with { JoinTimeout = TimeSpan.FromSeconds(0.5) },
        });
        await next.UntilAsync(() => next.Current is { Rejoins: >= 2 });
        Assert.False(next.Said("later in the same recording"));
        Assert.False(next.Told(rig.Admin, "later in the same recording"));
        silence.Dispose();
        await next.UntilSaidOnceAsync("later in the same recording");
        await next.UntilAsync(() => next.Told(rig.Admin, "later in the same recording"));
        Assert.Equal(recording, next.Current!.Session.RecordingId);
        await next.UntilAsync(() => next.Current!.Panel.Draw().Link?.Contains("#k=", StringComparison.Ordinal) == true);
        // Those who were there have been told long ago.
        SimulatedMember zoe = rig.Discord.Guild.AddMember("Zoe");
        Assert.NotNull(await next.Recorders.For(rig.Discord.Guild.Id).WithCurrentAsync(running =>
        {
            running.Events.CatchUp();
            return running;
        }));
        rig.Discord.Guild.Join(zoe, rig.Discord.VoiceChannel);
        await next.UntilSaidAsync(ConsentTexts.Late([zoe.Id], ConsentMode.Off));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Erased_from_one_recording_is_not_out_of_the_server_unless_that_was_said_too(bool alsoSaidNo)
    {
        RecordingApiStandIn api = new() { Erases = true };
        await using BotRig rig = await BotRig.StartAsync(api: api, storage: azurite.ConnectionString);
        await rig.AskAsync(rig.Admin, "record settings", new() { ["consent"] = "ask" });
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.RecordAsync();
        RecordingId recording = rig.Current!.Session.RecordingId;
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.PressAsync(ben.Member, rig.Panel!, ConsentTexts.EraseButton);
        api.IsAway = alsoSaidNo; // no other disk knows it then
        if (alsoSaidNo) await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        await BotRoom.UntilAsync(async () => (await eye.ManifestAsync(recording))?.Consent?.Erased().Contains(ben.UserId) == true,
            "the ledger is stored");
        await rig.StopAsync();
        using TempFolder otherDisk = new();
        await using BotRig next = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString, folder: otherDisk);
        await next.UntilAsync(() => next.Current?.Session.RecordingId == recording);
        Assert.True(next.Current!.Host.Recording.Consent.IsOptedOut(ben.UserId));
        Assert.True(next.Current.Consent.IsErased(ben.UserId));
        Assert.Equal(alsoSaidNo, next.Settings.IsOptedOut(rig.Discord.Guild.Id, ben.UserId));
    }

    private TempStorage Storage() =>
        new(new TempStorageOptions { Account = new StorageOptions { ConnectionString = azurite.ConnectionString } });

    /// <summary>A recording that has begun just now and that nobody runs.</summary>
    private async Task<RecordingId> LeaveAsync(BotRig rig, string? bot)
    {
        SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System)) with
        {
            GuildId = rig.Discord.Guild.Id,
            ChannelId = rig.Discord.VoiceChannel.Id,
            StartedBy = rig.Admin.Id,
            StartedAt = TimeProvider.System.GetUtcNow(),
        };
        Dictionary<string, string> properties = bot is null ? [] : new() { ["bot"] = bot };
        Assert.True(await Storage().WriteManifestAsync(BotRoom.Manifest(session) with { Properties = properties }, null, Cancel));
        return session.RecordingId;
    }
}
