using System.Text;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Tests.Voice.Session;

public sealed class VoiceMessageWriterTests
{
    private static readonly VoiceSessionIdentity Identity = new()
    {
        GuildId = 1,
        ChannelId = 2,
        UserId = 3,
        SessionId = "s",
        Token = "t\"x",
        Endpoint = "host:443"
    };

    [Fact]
    public void Messages_have_the_documented_shape()
    {
        Assert.Equal("""{"op":0,"d":{"server_id":"1","user_id":"3","session_id":"s","token":"t\u0022x","max_dave_protocol_version":1}}""", Text(VoiceMessageWriter.Identify(Identity, 1)));
        Assert.Equal("""{"op":7,"d":{"server_id":"1","session_id":"s","token":"t\u0022x","seq_ack":20}}""", Text(VoiceMessageWriter.Resume(Identity, 20)));
        Assert.Equal("""{"op":1,"d":{"protocol":"udp","data":{"address":"1.2.3.4","port":1337,"mode":"aead_aes256_gcm_rtpsize"}}}""", Text(VoiceMessageWriter.SelectProtocol("1.2.3.4", 1337, "aead_aes256_gcm_rtpsize")));
        Assert.Equal("""{"op":3,"d":{"t":1501184119561,"seq_ack":-1}}""", Text(VoiceMessageWriter.Heartbeat(1501184119561, -1)));
        Assert.Equal("""{"op":5,"d":{"speaking":1,"delay":0,"ssrc":12871}}""", Text(VoiceMessageWriter.Speaking(true, 12871)));
        Assert.Equal("""{"op":16,"d":{}}""", Text(VoiceMessageWriter.BackendVersion()));
        Assert.Equal("""{"op":23,"d":{"transition_id":10}}""", Text(VoiceMessageWriter.Transition(VoiceOpcode.DaveTransitionReady, 10)));
    }

    [Fact]
    public void Identity_shows_no_secret() => Assert.Equal("guild 1 channel 2 at host:443", Identity.ToString());

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
