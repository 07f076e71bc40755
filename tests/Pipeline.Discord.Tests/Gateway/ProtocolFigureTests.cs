using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Rtp;
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
    public void What_a_peer_can_make_us_hold_is_limited()
    {
        Assert.Equal((32, 100, 2_000), (UnknownSsrcHold.MaxSources, UnknownSsrcHold.MaxFramesPerSource,
            UnknownSsrcHold.MaxAge.TotalMilliseconds));
        Assert.Equal((64, 4096, 5_000), (SourceFinder.MaxSources, SsrcMap.MaxEntries, SsrcMap.Linger.TotalMilliseconds));
        Assert.Equal((1_048_576, 2048, 2_097_152), (AudioFrameRing.DefaultCapacity, MediaPath.MaxDatagramLength,
            MediaSocket.ReceiveBufferSize));
        Assert.Equal((16_777_216, 2_097_152), (DiscordHttp.LongestAnswer, VoiceLink.MaxMessageLength));
        Assert.Equal((65_536, 1024), (NonceWindow.Length, ReplayGuard.MaxSources));
    }
}
