using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Tests.Voice.Call;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Voice.Session;

/// <summary>Our voice connection in an end-to-end encrypted call with unmodified discord.js clients, everything over loopback.</summary>
[Trait("Category", "Peers")]
public sealed class EncryptedCallTests
{
    private static readonly SimulatorOptions Encrypted = new() { Seed = 7, EnforceIdentifyPace = false, Dave = DaveMode.Enforced };

    [Fact]
    public async Task Discord_js_clients_are_heard_byte_for_byte_while_members_come_and_go()
    {
        string folder = PeerFolder();
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(Encrypted);
        await using DiscordJsPeer ada = await JoinAsync(rig, "Ada", folder);
        Assert.Equal(await CodeOfAsync(ada), rig.Call.Encryption.PrivacyCode);
        await rig.WaitForAsync<VoiceCallEvent.PrivacyCode>(told => told.Code == rig.Call.Encryption.PrivacyCode);
        await AssertHeardAsync(rig, ada, seed: 1);

        await using DiscordJsPeer bob = await DiscordJsPeer.StartAsync(rig.Discord, "Bob", folder, dave: true);
        await bob.JoinAsync(rig.Discord.VoiceChannel);
        await UntilMembersAsync(rig, 3);
        Assert.Equal(await CodeOfAsync(bob), rig.Call.Encryption.PrivacyCode);
        await Task.WhenAll(AssertHeardAsync(rig, ada, seed: 2), AssertHeardAsync(rig, bob, seed: 3));

        await ada.LeaveAsync();
        await UntilMembersAsync(rig, 2);
        await AssertHeardAsync(rig, bob, seed: 4);

        await bob.LeaveAsync();
        await rig.UntilAsync(() => rig.Call.Encryption.State == DaveState.Pending, "alone again");
        await ada.JoinAsync(rig.Discord.VoiceChannel);
        await UntilMembersAsync(rig, 2);
        await AssertHeardAsync(rig, ada, seed: 5);

        AssertNothingLost(rig, ada.UserId, bob.UserId);
    }

    [Fact]
    public async Task A_cut_gateway_connection_neither_breaks_the_group_nor_the_audio()
    {
        string folder = PeerFolder();
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(Encrypted);
        await using DiscordJsPeer ada = await JoinAsync(rig, "Ada", folder);
        await using DiscordJsPeer bob = await DiscordJsPeer.StartAsync(rig.Discord, "Bob", folder, dave: true);

        rig.Discord.Faults.Add(new AbortVoice { UserId = rig.BotId });
        await bob.JoinAsync(rig.Discord.VoiceChannel);
        await UntilMembersAsync(rig, 3);
        Assert.Equal(await CodeOfAsync(bob), rig.Call.Encryption.PrivacyCode);
        await Task.WhenAll(AssertHeardAsync(rig, ada, seed: 2), AssertHeardAsync(rig, bob, seed: 3));
        AssertNothingLost(rig, ada.UserId, bob.UserId);
    }

    /// <summary>The gateway never had it, and replays only what it said itself: the group would do without us for ever.</summary>
    [Fact]
    public async Task A_key_package_that_is_lost_with_the_connection_is_sent_again()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(Encrypted);
        FaultHandle lost = rig.Discord.Faults.Add(new LoseVoiceAnswer(26) { UserId = rig.BotId, Times = 1 });
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
        await rig.UntilAsync(() => KeyPackages() == 2, "the key package again");
        Assert.Equal((1, 1), (lost.Used, rig.Discord.VoiceClient(rig.BotId)!.Resumes));
        string folder = PeerFolder();
        await using DiscordJsPeer ada = await JoinAsync(rig, "Ada", folder);
        Assert.Equal(await CodeOfAsync(ada), rig.Call.Encryption.PrivacyCode);
        await AssertHeardAsync(rig, ada, seed: 1);
        Assert.Equal(2, KeyPackages());

        int KeyPackages() => rig.Discord.Log.Lines.Count(line => line.Contains("binary op 26", StringComparison.Ordinal)
            && line.Contains(rig.Discord.BotMember.User.Username, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_without_encryption_makes_the_call_plain_for_as_long_as_it_stays()
    {
        string folder = PeerFolder();
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(
            new SimulatorOptions { Seed = 7, EnforceIdentifyPace = false, Dave = DaveMode.Negotiated });
        await using DiscordJsPeer ada = await JoinAsync(rig, "Ada", folder);
        await AssertHeardAsync(rig, ada, seed: 1);

        SimulatedSpeaker plain = rig.Discord.AddSpeaker("Bob", rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Call.Encryption.State == DaveState.Plain, "a plain call");
        await rig.WaitForAsync<VoiceCallEvent.PrivacyCode>(told => told.Code is null);
        await rig.WaitForAsync<VoiceCallEvent.Protection>(told => told.State == DaveProtection.Unencrypted);
        await plain.SayAsync(OpusClip.Generate(2, TimeSpan.FromSeconds(0.5)));
        await rig.AssertAllReceivedAsync(plain.UserId, 25);
        await AssertHeardAsync(rig, ada, seed: 3);

        plain.Leave();
        await UntilMembersAsync(rig, 2);
        Assert.Equal(await CodeOfAsync(ada), rig.Call.Encryption.PrivacyCode);
        await AssertHeardAsync(rig, ada, seed: 4);
        DaveCounters counters = rig.Call.EncryptionCountersOf(ada.UserId);
        Assert.True(counters is { Passthrough: > 0, Undecryptable: 0, NoKey: 0, PlaintextRejected: 0 }, counters.ToString());
    }

    [Fact]
    public async Task Being_moved_to_another_channel_means_another_group()
    {
        string folder = PeerFolder();
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(Encrypted);
        await using DiscordJsPeer ada = await JoinAsync(rig, "Ada", folder);
        SimulatedChannel other = rig.Discord.Guild.AddVoiceChannel("Elsewhere");
        await using DiscordJsPeer bob = await DiscordJsPeer.StartAsync(rig.Discord, "Bob", folder, dave: true);
        await bob.JoinAsync(other);

        rig.Discord.Guild.Move(rig.Discord.BotMember, other);
        await rig.WaitForAsync<VoiceCallEvent.Moved>();
        await rig.UntilAsync(() => rig.Call.Encryption.Members.Any(member => member.UserId == bob.UserId), "the other group");
        Assert.Equal(await CodeOfAsync(bob), rig.Call.Encryption.PrivacyCode);
        await AssertHeardAsync(rig, bob, seed: 5);
    }

    [Fact]
    public async Task A_stage_channel_stays_plain()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(Encrypted);
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync(rig.Discord.StageChannel.Id));
        SimulatedSpeaker speaker = rig.Discord.AddSpeaker("Ada", rig.Discord.StageChannel);
        await speaker.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(0.5)));
        await rig.AssertAllReceivedAsync(speaker.Member.Id, 25);
        Assert.Equal(DaveState.Plain, rig.Call.Encryption.State);
    }

    private static async Task<DiscordJsPeer> JoinAsync(VoiceCallRig rig, string name, string folder)
    {
        DiscordJsPeer peer = await DiscordJsPeer.StartAsync(rig.Discord, name, folder, dave: true);
        await peer.JoinAsync(rig.Discord.VoiceChannel);
        await UntilMembersAsync(rig, 2);
        return peer;
    }

    /// <summary>A first word makes the SSRC known; then every packet of the clip must arrive as it was before encryption.</summary>
    private static async Task AssertHeardAsync(VoiceCallRig rig, DiscordJsPeer peer, int seed)
    {
        await peer.SayAsync(OpusClip.Generate(100 + seed, TimeSpan.FromMilliseconds(100)));
        OpusClip clip = OpusClip.Generate(seed, TimeSpan.FromSeconds(1));
        await peer.SayAsync(clip);
        string last = Convert.ToHexString(clip.Frames[^1].Payload.Span);
        await rig.UntilAsync(() => Heard(rig, peer).Contains(last), $"the end of clip {seed} from {peer.UserId}");
        List<string> heard = Heard(rig, peer);
        int end = heard.LastIndexOf(last) + 1;
        Assert.Equal(clip.Frames.Select(frame => Convert.ToHexString(frame.Payload.Span)), heard[(end - clip.Frames.Count)..end]);
    }

    private static List<string> Heard(VoiceCallRig rig, DiscordJsPeer peer) =>
        [.. rig.Received.Where(frame => frame.UserId == peer.UserId && frame.Opus.Length > 3)
            .Select(frame => Convert.ToHexString(frame.Opus))];

    private static void AssertNothingLost(VoiceCallRig rig, params ulong[] users)
    {
        foreach (UserAudioHealth user in rig.Call.Health.Users.Where(user => users.Contains(user.UserId)))
        {
            DaveCounters counters = user.EndToEnd;
            Assert.True(counters.Opened > 50, $"{user.UserId}: {counters}; of all: {Kinds(rig)}");
            Assert.Equal((0, 0, 0, 0), (counters.Undecryptable, counters.NoKey, counters.Replayed, counters.PlaintextRejected));
        }
        Assert.DoesNotContain(rig.Received, frame => frame.Kind == AudioFrameKind.Undecryptable);
        Assert.Empty(rig.Discord.Encryption(rig.Discord.VoiceChannel).Refused);
    }

    private static string Kinds(VoiceCallRig rig) => string.Join(", ", rig.Received.CountBy(frame => (frame.UserId, frame.Kind))
        .Select(own => $"{own.Value} {own.Key.Kind} of {own.Key.UserId}"));

    private static async Task<string> CodeOfAsync(DiscordJsPeer peer)
    {
        int seen = peer.Events.Count;
        await peer.SendAsync("code");
        return (await peer.ExpectAsync("code", after: seen))["privacyCode"]!.GetValue<string>();
    }

    private static Task UntilMembersAsync(VoiceCallRig rig, int count) =>
        rig.UntilAsync(() =>
            rig.Call.Encryption is { State: DaveState.Active, TransitionPending: false } now
            && now.Members.Length == count, $"a group of {count}");

    private static string PeerFolder()
    {
        string folder = RepositoryRoot.Combine("tests", "peers", "discordjs");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "@discordjs", "voice")),
            "run infra/setup.sh for the discord.js peers");
        return folder;
    }
}
