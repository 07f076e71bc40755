using System.Diagnostics;
using System.Globalization;
using Pipeline.Dave.Session;
using Pipeline.Discord.Tests.Voice.Call;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Voice;

namespace Pipeline.Discord.Tests.Voice.Session;

/// <summary>Whatever the gateway proposes, the connection lives on beside it.</summary>
public sealed class AddBurstCallTests
{
    // What comes closer together than this is answered by one commit.
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Heartbeats_go_on_while_three_hundred_adds_come_singly()
    {
        GatewayKey? key = null;
        SimulatorOptions options = new()
        {
            Seed = 7,
            EnforceIdentifyPace = false,
            Dave = DaveMode.Enforced,
            VoiceHeartbeatInterval = TimeSpan.FromSeconds(2), // the server hangs up after three without a beat
            Delivery = new DeliveryOptions
            {
                Tamper = message => [message.Opcode == 25 ? message with { Body = key!.Announcement } : message],
            },
        };
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(options);
        using GatewayKey gateway = key = new GatewayKey(rig.Discord.VoiceChannel.Id);
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
        ulong[] users = [.. Enumerable.Range(1, 300).Select(user => 5_000 + (ulong)user)];
        byte[][] adds = [.. users.Select(user => SignedProposal.Append([gateway.Add(0, KeyPackageOf(user))]))];
        string ids = string.Join(',', users.Select(user => string.Create(CultureInfo.InvariantCulture, $"\"{user}\"")));
        rig.Discord.Faults.Add(new SendVoiceMessage($$$"""{"op":11,"d":{"user_ids":[{{{ids}}}]},"seq":900}""") { UserId = rig.BotId });

        int beats = Beats(rig);
        Stopwatch burst = Stopwatch.StartNew();
        foreach ((int answered, byte[][] some) in adds.Chunk(25).Index())
        {
            foreach (byte[] add in some) rig.Discord.Faults.Add(new SendVoiceBinary(27, add) { UserId = rig.BotId });
            // A commit takes 100 people: those are answered; what comes beyond is not.
            await rig.UntilAsync(() => Commits(rig) > Math.Min(answered, 3), "a commit");
        }
        // One at once, and then one in a tenth of a second, however long the machine takes for the burst.
        int commits = Commits(rig);
        Assert.InRange(commits, 4, 2 + (int)(burst.Elapsed / Together));
        await rig.UntilAsync(() => 4 * (Beats(rig) - beats) > burst.Elapsed.TotalSeconds, "a heartbeat in four seconds"); // two are due
        VoiceClientState state = rig.Discord.VoiceClient(rig.BotId)!;
        Assert.Equal((VoiceCallState.Connected, 0), (rig.Call.State, state.Resumes));
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Reconnecting);
        Assert.Empty(rig.Discord.Encryption(rig.Discord.VoiceChannel).Refused);
    }

    // None of them covers what the delivery service itself has proposed.
    private static int Commits(VoiceCallRig rig) => rig.Discord.Encryption(rig.Discord.VoiceChannel).DroppedCommits;

    private static int Beats(VoiceCallRig rig) => rig.Discord.Log.Lines.Count(line =>
        line.Contains(" voice ", StringComparison.Ordinal) && line.Contains("{\"op\":3,", StringComparison.Ordinal));

    private static PeerKeyPackage KeyPackageOf(ulong user)
    {
        using DaveSession member = new(1, user, TimeProvider.System);
        return PeerKeyPackage.Parse(member.OnSessionDescription(1).Messages[0].Payload);
    }
}
