using System.Globalization;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What comes of packets from the voice server's socket to the recording and its panel, through the whole bot.</summary>
public sealed class HeardSituationTests(AzuriteFixture azurite)
{
    private static readonly SpeakerOptions NeverNamed = new() { AnnounceDelay = TimeSpan.FromSeconds(-1) };
    private static readonly TimeSpan Talk = TimeSpan.FromSeconds(2.6);
    private const int Packets = 135; // of a talk: 130 and five silence markers

    [Fact]
    public async Task Two_hundred_packets_of_padding_among_six_hundred_are_neither_loss_nor_gap_nor_warning()
    {
        WarningTimes warnings = new() { Quiet = TimeSpan.FromSeconds(1) };
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { Warnings = warnings });
        SimulatedSpeaker[] people = [.. Enumerable.Range(0, 3).Select(number => rig.Discord.AddSpeaker($"Speaker {number}"))];
        foreach (SimulatedSpeaker person in people) person.Conditions = new MediaConditions { PaddingOnlyOneIn = 3 };
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        await Task.WhenAll(people.Select((person, seed) =>
            person.SayAsync(OpusClip.Generate(seed, TimeSpan.FromSeconds(1), frameMilliseconds: 5))));
        await rig.UntilSaidAsync("I continue; press Stop if you are done."); // the line was looked at together with the silence
        Assert.False(rig.Said("The line to the voice server is poor"));
        TrackHealth[] heard = [.. people.Select(person => call.Host.Snapshot.Tracks.Single(track => track.UserId == person.UserId).Health)];
        Assert.All(heard, health =>
            Assert.Equal((205L, 0L, 0L, 0L), (health.Received, health.Lost, health.Concealed, health.Undecryptable)));
        Assert.InRange(heard.Sum(health => health.Empty), 120, 290); // one in three, by chance
        Assert.Empty(call.Host.Snapshot.Gaps);
        Assert.Equal(3, Count(Speakers(call), "205 received, 0 lost (0.0 %)"));
    }

    [Fact]
    public async Task Voice_whose_name_comes_after_its_words_is_kept_and_gets_it()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben", options: NeverNamed);
        await rig.RecordAsync(); // with Ada in the channel, who may be the one who speaks
        RecordedCall call = rig.Current!;
        ulong unnamed = UnnamedSource.IdOf(ben.Ssrc);
        await ben.SayAsync(OpusClip.Generate(7, Talk));
        await rig.UntilSaidAsync(VoiceTexts.Unnamed);
        await rig.UntilAsync(() => Heard(call, unnamed) is { Health.Received: Packets, Username: VoiceTexts.Unknown });
        Name(rig, ben);
        await rig.UntilAsync(() => Heard(call, unnamed)!.Username == VoiceTexts.Known("Ben"));
        await ben.SayAsync(OpusClip.Generate(8, Talk));
        await rig.UntilAsync(() => Heard(call, ben.UserId) is { Health.Received: Packets, Username: "Ben" });
        Assert.Equal((Packets, 0L), (Heard(call, unnamed)!.Health.Received, Heard(call, unnamed)!.Health.Lost));
        Assert.Empty(call.Host.Snapshot.Gaps);
        Assert.Contains($"**{VoiceTexts.Known("Ben")}** {Packets} received, 0 lost (0.0 %)", Speakers(call), StringComparison.Ordinal);

        await rig.AskAsync(rig.Admin, "record stop");
        StorageEye eye = new(azurite.ConnectionString);
        RecordingId recording = call.Session.RecordingId;
        await BotRoom.UntilAsync(async () => (await eye.StoppedAsync(recording)).Count == 1, "it is closed");
        SessionManifest told = (await eye.ManifestAsync(recording))!;
        Assert.Equal([("Ben", ben.UserId), (VoiceTexts.Known("Ben"), unnamed)],
            told.Tracks.Select(track => (track.Username, track.UserId)));
        Assert.All(told.Tracks, track => Assert.InRange(track.SampleCount, 130 * 960, (Packets + 2) * 960));
    }

    [Fact]
    public async Task Voice_that_is_never_named_is_the_one_persons_who_is_left_over()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker(rig.Admin, rig.Discord.VoiceChannel);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben", options: NeverNamed);
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        await Task.WhenAll(ada.SayAsync(OpusClip.Generate(7, Talk)), ben.SayAsync(OpusClip.Generate(8, Talk)));
        await rig.UntilAsync(() => Heard(call, ada.UserId)?.Health.Received == Packets);
        await rig.UntilAsync(() => Heard(call, ben.UserId) is { Health: { Received: Packets, Lost: 0 }, Username: "Ben" });
        Assert.Empty(call.Host.Snapshot.Gaps);
        Assert.Equal(2, call.Host.Snapshot.Tracks.Count(track => track.Health.Received > 0));
        Assert.False(rig.Said(VoiceTexts.Unnamed));
    }

    [Fact]
    [Trait("Category", "Peers")]
    public async Task Voice_that_is_never_named_in_an_encrypted_call_is_the_ones_whose_key_opens_it_from_its_first_frame_on()
    {
        Assert.SkipUnless(await PeerFolder.FindAsync() is not null, "run infra/setup.sh for the discord.js peers");
        await using BotRig rig = await BotRig.StartAsync(dave: DaveMode.Enforced, capture: new CaptureOptions { IncludeBots = true });
        await rig.RecordAsync(); // with Ada in the channel, who may be the one who speaks
        RecordedCall call = rig.Current!;
        DiscordJsPeer ben = await rig.Discord.AddPeerAsync("Ben");
        await rig.UntilAsync(() => call.Call.Encryption is { State: DaveState.Active, TransitionPending: false, Members.Length: 2 });
        rig.Discord.Faults.Add(new LoseSpeaking { UserId = ben.UserId });
        await ben.SayAsync(OpusClip.Generate(7, Talk));
        await rig.UntilAsync(() => Heard(call, ben.UserId) is { } track
            && track.Health.Received == Delivered(rig, ben) && track.Health.Received > 130);
        TrackSnapshot heard = Heard(call, ben.UserId)!;
        Assert.Equal(("Ben", 0L, 0L, 0L), (heard.Username, heard.Health.Lost, heard.Health.Undecryptable, heard.Health.Concealed));
        Assert.Equal(ben.UserId, Assert.Single(call.Host.Snapshot.Tracks).UserId);
        Assert.Empty(call.Host.Snapshot.Gaps);
        Assert.False(rig.Said("Discord does not tell whose it is"));
        await rig.UntilAsync(() => Heard(call, ben.UserId) is { OpenSince: null, SampleCount: >= 130 * 960 });
    }

    [Fact]
    public async Task Voice_without_a_name_that_no_key_opens_is_lost_in_the_sight_of_people_and_a_gap_of_its_owner()
    {
        WarningTimes warnings = new() { Undecodable = TimeSpan.FromMilliseconds(100) };
        await using BotRig rig = await BotRig.StartAsync(dave: DaveMode.Enforced, change: options => options with { Warnings = warnings });
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben", options: NeverNamed);
        ben.Sealer = SealedFrames.OfNoKey;
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        ulong unnamed = UnnamedSource.IdOf(ben.Ssrc);
        Task talking = ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromMinutes(2)));
        await rig.UntilSaidAsync(VoiceTexts.UnnamedNotOpened); // joining the group is over after ten seconds
        await rig.UntilAsync(() => Heard(call, unnamed) is { Health.Undecryptable: > 100 });
        await rig.UntilAsync(() => call.Host.Snapshot.Gaps.Any(gap => gap.UserId == unnamed && gap.Reason == GapLog.Undecryptable));
        Assert.Matches(@"\*\*Unknown voice\*\* [0-9,]+ received, [0-9,]+ lost \(100.0 %\), [0-9,]+ of them undecryptable", Speakers(call));
        Name(rig, ben);
        await rig.UntilAsync(() => call.Host.Snapshot.Gaps.Any(gap => gap.UserId == ben.UserId && gap.SampleCount > 48_000));
        Assert.DoesNotContain(call.Host.Snapshot.Gaps, gap => gap.UserId == unnamed);
        ben.BeQuiet();
        await talking;
        Assert.False(rig.Said($"<@{unnamed}>"));
    }

    private static TrackSnapshot? Heard(RecordedCall call, ulong user) =>
        call.Host.Snapshot.Tracks.SingleOrDefault(track => track.UserId == user);

    private static int Delivered(BotRig rig, DiscordJsPeer peer) =>
        rig.Discord.Deliveries.Delivered(rig.Discord.BotMember.Id, peer.UserId).Count;

    private static string Speakers(RecordedCall call) =>
        RecordingPanel.Draw(call.Panel.Draw()).Embeds![0].Fields!.Single(field => field.Name == "Speakers").Value;

    private static int Count(string text, string what) => text.Split(what).Length - 1;

    private static void Name(BotRig rig, SimulatedSpeaker speaker) => rig.Discord.Faults.Add(new SendVoiceMessage(string.Create(
        CultureInfo.InvariantCulture,
        $$$"""{"op":5,"seq":1000,"d":{"user_id":"{{{speaker.UserId}}}","ssrc":{{{speaker.Ssrc}}},"speaking":1}}"""))
    { UserId = rig.Discord.BotMember.Id });
}
