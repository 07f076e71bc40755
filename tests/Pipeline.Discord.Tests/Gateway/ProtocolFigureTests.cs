using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Tests.Gateway;

/// <summary>Numbers that Discord has chosen, and limits of what a peer can make us hold.</summary>
public sealed class ProtocolFigureTests
{
    [Fact]
    public void Numbers_are_those_of_the_protocol()
    {
        Assert.Equal((0, 1, 2, 4, 6), (GatewayOpcode.Dispatch, GatewayOpcode.Heartbeat, GatewayOpcode.Identify,
            GatewayOpcode.UpdateVoiceState, GatewayOpcode.Resume));
        Assert.Equal((7, 9, 10, 11, 4000), (GatewayOpcode.Reconnect, GatewayOpcode.InvalidSession, GatewayOpcode.Hello,
            GatewayOpcode.HeartbeatAck, GatewayCloseCode.Abandon));
        Assert.Equal((4014, 4017, 4021, 4022), (VoiceClosePolicy.CannotConnect, VoiceClosePolicy.DaveRequired,
            VoiceClosePolicy.RateLimited, VoiceClosePolicy.CallTerminated));
        Assert.Equal((74, 16, 4, 20, 32), (IpDiscovery.Length, RtpPacket.TagLength, RtpPacket.SuffixLength, RtpPacket.TrailerLength,
            TransportKey.Length));
        Assert.Equal((100, 300_000), (VoiceMessageReader.ShortestHeartbeat.TotalMilliseconds,
            VoiceMessageReader.LongestHeartbeat.TotalMilliseconds));
    }

    [Fact]
    public void Waits_are_those_that_are_documented()
    {
        GatewayOptions gateway = new() { Token = "secret" };
        Assert.Equal((129, 4096, 30, 1, 5), (gateway.Intents, gateway.EventCapacity, gateway.HandshakeTimeout.TotalSeconds,
            gateway.ReconnectDelay.TotalSeconds, gateway.IdentifyInterval.TotalSeconds));
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)), gateway.InvalidSessionDelay);
        Assert.Equal("GatewayOptions { Shard = 1/2, Intents = 129 }", (gateway with { Shard = new ShardRange(1, 2) }).ToString());
        DiscordRestOptions rest = new() { Token = "secret" };
        Assert.Equal((50, 60, 0.5, 15), (rest.GlobalPerSecond, rest.LongestPause.TotalSeconds, rest.RetryDelay.TotalSeconds,
            rest.Timeout.TotalSeconds));
        Assert.Equal("DiscordRestOptions { ApiBase = https://discord.com/api/v10 }", rest.ToString());
        VoiceCallOptions call = new();
        Assert.Equal([15.0, 1, 60, 5, 1, 30, 30, 5], new[] { call.JoinTimeout, call.LeavePause, call.SuspendedTimeout,
            call.AwaitGatewayTimeout, call.FirstBackoff, call.LongestBackoff, call.StableAfter, call.HealthInterval }
            .Select(wait => wait.TotalSeconds));
        Assert.True(call.FollowMoves);
        Assert.Equal([10.0, 5, 10, 1, 10, 10, 5, 10, 30], new[] { call.Session.OpenTimeout, call.Session.HelloTimeout,
            call.Session.IdentifyTimeout, call.Session.DiscoveryInterval, call.Session.SelectTimeout, call.Session.ResumeTimeout,
            call.Session.KeepaliveInterval, call.Session.UnheardInterval, call.Session.MediaPathTimeout }
            .Select(wait => wait.TotalSeconds));
        Assert.Equal([0.5, 1, 2], call.Session.ResumeDelays.Select(wait => wait.TotalSeconds));
        Assert.Equal((5, false), (call.Session.DiscoveryTries, call.Session.ExpectsEchoes));
        SessionStartLimit starts = new();
        Assert.Equal((1000, 1000, 1, 1), (starts.Total, starts.Remaining, starts.MaxConcurrency, new GatewayInfo { Url = "" }.Shards));
        Assert.Equal("VoiceServerUpdate { GuildId = 7, Endpoint = host:443 }", new VoiceServerUpdate(7, "secret", "host:443").ToString());
    }

    [Fact]
    public void What_a_peer_can_make_us_hold_is_limited()
    {
        Assert.Equal((32, 800, 2_000), (UnknownSsrcHold.MaxSources, UnknownSsrcHold.MaxFramesPerSource,
            UnknownSsrcHold.MaxAge.TotalMilliseconds));
        Assert.Equal((1024, 4096, 5_000), (SourceFinder.MaxSources, SsrcMap.MaxEntries, SsrcMap.Linger.TotalMilliseconds));
        Assert.Equal((1_048_576, 2048, 2_097_152), (AudioFrameRing.DefaultCapacity, MediaPath.MaxDatagramLength,
            MediaSocket.ReceiveBufferSize));
        Assert.Equal((16_777_216, 2_097_152), (DiscordHttp.LongestAnswer, VoiceLink.MaxMessageLength));
        Assert.Equal((65_536, 1024), (NonceWindow.Length, ReplayGuard.MaxSources));
    }
}
