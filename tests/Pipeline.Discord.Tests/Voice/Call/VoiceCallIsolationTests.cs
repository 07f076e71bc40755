using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Tests.Media;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Discord.Tests.Voice.Call;

public sealed class VoiceCallIsolationTests
{
    /// <summary>The rig's own guild breaks; the calls of five others, over the same main gateway, must not notice.</summary>
    [Fact]
    public async Task Call_that_breaks_touches_no_other()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync();
        await using GuildCalls others = new(rig);
        for (int i = 0; i < 5; i++) await others.JoinAsync(rig.Discord.AddGuild("Guild " + i));
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());

        Task[] talks = [.. others.Speakers.Select((speaker, i) => speaker.SayAsync(OpusClip.Generate(i, TimeSpan.FromSeconds(3))))];
        rig.Discord.Guild.Kick(rig.Discord.BotMember);
        await rig.WaitForAsync<VoiceCallEvent.Disconnected>();
        rig.Discord.Guild.SetUnavailable(true);
        await Task.WhenAll(talks);

        foreach (SimulatedSpeaker speaker in others.Speakers)
        {
            await rig.UntilAsync(() =>
                others.Heard(speaker) >= rig.Discord.Deliveries.Delivered(rig.BotId, speaker.UserId)
                .Count(packet => packet.Outcome == DeliveryOutcome.Delivered) && others.Heard(speaker) >= 155, $"all of {speaker.UserId}");
        }
        Assert.All(others.Calls, call => Assert.Equal(VoiceCallState.Connected, call.State));
        Assert.True(others.HeardOnlyTheirOwn);
    }

    private sealed class GuildCalls : IAsyncDisposable
    {
        private readonly VoiceCallRig rig;
        private readonly ConcurrentDictionary<ulong, VoiceCall> calls = new();
        private readonly Dictionary<ulong, (AudioFrameRing Ring, SimulatedSpeaker Speaker)> guilds = [];
        private readonly ConcurrentBag<(ulong Guild, ulong User)> heard = [];

        public GuildCalls(VoiceCallRig rig)
        {
            this.rig = rig;
            rig.GatewayEvent = Dispatch;
        }

        public IEnumerable<VoiceCall> Calls => calls.Values;

        public IEnumerable<SimulatedSpeaker> Speakers => guilds.Values.Select(guild => guild.Speaker);

        public bool HeardOnlyTheirOwn => heard.All(frame => guilds[frame.Guild].Speaker.UserId == frame.User);

        public async Task JoinAsync(SimulatedGuild guild)
        {
            SimulatedChannel channel = guild.AddVoiceChannel("Table");
            guild.AddBot(rig.Discord.Bot);
            await rig.UntilAsync(() => rig.Gateway.Guilds.Find(guild.Id) is not null, "guild known");
            AudioFrameRing ring = new();
            guilds.Add(guild.Id, (ring, rig.Discord.AddSpeaker("Speaker of " + guild.Name, channel)));
            VoiceCall call = calls[guild.Id] = rig.NewCall();
            Assert.Equal(VoiceCallState.Connected,
                await call.JoinAsync(guild.Id, channel.Id, rig.Gateway.SelfId, ring, TestContext.Current.CancellationToken));
        }

        public int Heard(SimulatedSpeaker speaker)
        {
            foreach ((ulong guild, (AudioFrameRing ring, _)) in guilds)
            {
                foreach (ReadFrame frame in ReadFrame.DrainAll(ring)) heard.Add((guild, frame.UserId));
            }
            return heard.Count(frame => frame.User == speaker.UserId);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (VoiceCall call in calls.Values) await call.DisposeAsync();
        }

        private void Dispatch(GatewayEvent what)
        {
            if (what is GatewayEvent.VoiceStateChanged own && own.State.UserId == rig.Gateway.SelfId
                && calls.TryGetValue(own.State.GuildId, out VoiceCall? call)) call.OnVoiceState(own.State, own.Origin);
            else if (what is GatewayEvent.VoiceServerChanged server && calls.TryGetValue(server.Update.GuildId, out call))
                call.OnVoiceServer(server.Update);
        }
    }
}
