using System.Text;
using CsCheck;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Tests.Voice.Session;

public sealed class VoiceMessageReaderTests
{
    private const string SecretKey = "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31]";

    [Theory]
    [InlineData("13750.0", 13750)]
    [InlineData("41250", 41250)]
    [InlineData("13750.25", 13750.25)]
    [InlineData("1.375e4", 13750)]
    [InlineData("\"13750\"", 13750)]
    [InlineData("1", 100)]
    [InlineData("1e12", 300_000)]
    public void Hello_reads_the_interval_in_any_notation_and_keeps_it_within_bounds(string interval, double milliseconds)
    {
        VoiceMessage.Hello hello = Read<VoiceMessage.Hello>("""{"op":8,"d":{"v":8,"heartbeat_interval":""" + interval + "}}");
        Assert.Equal(milliseconds, hello.HeartbeatInterval.TotalMilliseconds);
    }

    [Fact]
    public void Ready_gives_source_server_and_modes()
    {
        VoiceMessage.Ready ready = Read<VoiceMessage.Ready>("""{"op":2,"d":{"ssrc":4294967295,"ip":"203.0.113.9","port":50001.0,"modes":["aead_aes256_gcm_rtpsize",7,"x"],"experiments":[],"streams":[],"heartbeat_interval":1},"seq":1}""");
        Assert.Equal((uint.MaxValue, "203.0.113.9:50001", 1), (ready.Ssrc, ready.Server.ToString(), ready.Sequence));
        Assert.Equal(["aead_aes256_gcm_rtpsize", "x"], ready.Modes);
    }

    [Fact]
    public void Session_description_gives_the_transport_key_and_the_end_to_end_version()
    {
        VoiceMessage.SessionDescription description = Read<VoiceMessage.SessionDescription>($$"""{"op":4,"d":{"mode":"aead_xchacha20_poly1305_rtpsize","secret_key":{{SecretKey}},"dave_protocol_version":1,"audio_codec":"opus"},"seq":2}""");
        using TransportKey expected = new(TransportKey.XChaCha20Mode, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        Assert.True(expected.Matches(description.TransportKey));
        Assert.Equal((1, 2), (description.DaveVersion, description.Sequence));
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","dave_protocol_version":null""")]
    [InlineData(""","dave_protocol_version":-1""")]
    [InlineData(""","dave_protocol_version":0""")]
    public void Session_description_without_a_version_is_of_a_call_without_encryption(string version)
    {
        string json = $$"""{"op":4,"d":{"mode":"aead_xchacha20_poly1305_rtpsize","secret_key":{{SecretKey}}""" + version + "}}";
        Assert.Equal(0, Read<VoiceMessage.SessionDescription>(json).DaveVersion);
    }

    [Theory]
    [InlineData("""{"op":5,"d":{"user_id":"77","ssrc":4711,"speaking":1},"seq":7}""")]
    [InlineData("""{"op":5,"d":{"user_id":77,"ssrc":"4711"},"seq":7}""")]
    [InlineData("""{"op":12,"d":{"user_id":"77","audio_ssrc":4711,"video_ssrc":0,"streams":[]},"seq":7}""")]
    public void Speaking_and_video_name_the_source_of_a_user(string json)
    {
        VoiceMessage.Speaking speaking = Read<VoiceMessage.Speaking>(json);
        Assert.Equal((77ul, 4711u, 7), (speaking.UserId, speaking.Ssrc, speaking.Sequence));
    }

    [Fact]
    public void Video_without_an_audio_source_is_no_error() =>
        Assert.Equal(12, Read<VoiceMessage.Ignored>("""{"op":12,"d":{"user_id":"77","audio_ssrc":0},"seq":7}""").Opcode);

    [Fact]
    public void People_come_and_go()
    {
        Assert.Equal([1ul, 2ul, ulong.MaxValue], Read<VoiceMessage.ClientsConnect>("""{"op":11,"d":{"user_ids":["1",2,"18446744073709551615",null,"x",-1]},"seq":3}""").UserIds);
        Assert.Equal(5ul, Read<VoiceMessage.ClientDisconnect>("""{"op":13,"d":{"user_id":"5"},"seq":20}""").UserId);
    }

    [Fact]
    public void Transitions_and_epochs_are_read_as_numbers_or_strings()
    {
        VoiceMessage.PrepareTransition prepare = Read<VoiceMessage.PrepareTransition>("""{"op":21,"d":{"protocol_version":0,"transition_id":"10"},"seq":1}""");
        Assert.Equal((0, (ushort)10), (prepare.Version, prepare.TransitionId));
        Assert.Equal((ushort)0, Read<VoiceMessage.ExecuteTransition>("""{"op":22,"d":{"transition_id":0}}""").TransitionId);
        VoiceMessage.PrepareEpoch epoch = Read<VoiceMessage.PrepareEpoch>("""{"op":24,"d":{"protocol_version":1,"epoch":"1","transition_id":3}}""");
        Assert.Equal((1, 1ul), (epoch.Version, epoch.Epoch));
    }

    [Fact]
    public void Small_messages_are_told_apart()
    {
        Read<VoiceMessage.HeartbeatAck>("""{"op":6,"d":{"t":1501184119561}}""");
        Read<VoiceMessage.HeartbeatRequest>("""{"op":3,"d":{}}""");
        Read<VoiceMessage.Resumed>("""{"op":9,"d":null}""");
        Assert.Equal("0.11.0", Read<VoiceMessage.BackendVersion>("""{"op":16,"d":{"voice":"0.11.0","rtc_worker":"0.3.2"}}""").Voice);
    }

    [Theory]
    [InlineData("""{"op":18,"d":{"user_id":"1","flags":3},"seq":9}""", 9)]
    [InlineData("""{"op":20,"d":{"user_id":"1","platform":0},"seq":10}""", 10)]
    [InlineData("""{"op":999,"d":[1,2,3],"seq":11}""", 11)]
    [InlineData("""{"op":14}""", null)]
    public void Other_opcodes_are_harmless_and_still_counted(string json, int? sequence) =>
        Assert.Equal(sequence, Read<VoiceMessage.Ignored>(json).Sequence);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"op":"\ud800"}""")]
    [InlineData("""{"op":8,"d":{"heartbeat_interval":0}}""")]
    [InlineData("""{"op":8,"d":{"heartbeat_interval":-5}}""")]
    [InlineData("""{"op":8,"d":{"heartbeat_interval":1e999}}""")]
    [InlineData("""{"op":8,"d":null}""")]
    [InlineData("""{"op":2,"d":{"ssrc":1,"ip":"x","port":1,"modes":[]}}""")]
    [InlineData("""{"op":2,"d":{"ssrc":-1,"ip":"1.2.3.4","port":1,"modes":[]}}""")]
    [InlineData("""{"op":2,"d":{"ssrc":1,"ip":"1.2.3.4","port":0,"modes":[]}}""")]
    [InlineData("""{"op":2,"d":{"ssrc":1,"ip":"1.2.3.4","port":5,"modes":"all"}}""")]
    [InlineData("""{"op":4,"d":{"mode":"xsalsa20_poly1305","secret_key":[1]}}""")]
    [InlineData("""{"op":4,"d":{"mode":"aead_aes256_gcm_rtpsize","secret_key":[1,2]}}""")]
    [InlineData("""{"op":4,"d":{"mode":"aead_aes256_gcm_rtpsize","secret_key":"AAAA"}}""")]
    [InlineData("""{"op":5,"d":{"user_id":"1","ssrc":0}}""")]
    [InlineData("""{"op":5,"d":{"ssrc":5}}""")]
    [InlineData("""{"op":11,"d":{"user_ids":"1"}}""")]
    [InlineData("""{"op":13,"d":{}}""")]
    [InlineData("""{"op":21,"d":{"protocol_version":1,"transition_id":70000}}""")]
    [InlineData("""{"op":22,"d":{"transition_id":1.5}}""")]
    public void What_makes_no_sense_is_named_malformed(string json) => Read<VoiceMessage.Malformed>(json);

    [Fact]
    public void Deeply_nested_json_is_malformed() => Read<VoiceMessage.Malformed>(new string('[', 100_000));

    [Fact]
    public void Secret_key_with_a_value_beyond_a_byte_is_malformed() =>
        Read<VoiceMessage.Malformed>("""{"op":4,"d":{"mode":"aead_aes256_gcm_rtpsize","secret_key":""" + SecretKey.Replace("31]", "256]") + "}}");

    [Fact]
    public void Binary_message_has_sequence_opcode_and_payload()
    {
        VoiceMessage.DaveBinary message = Assert.IsType<VoiceMessage.DaveBinary>(
            VoiceMessageReader.ReadBinary(new byte[] { 0x01, 0x02, 29, 7, 8, 9 }));
        Assert.Equal((0x0102, VoiceOpcode.DaveAnnounceCommit), (message.Sequence, message.Opcode));
        Assert.Equal([7, 8, 9], message.Payload.ToArray());
        Assert.IsType<VoiceMessage.Malformed>(VoiceMessageReader.ReadBinary(new byte[] { 0, 1 }));
        Assert.Equal(5, Assert.IsType<VoiceMessage.Ignored>(VoiceMessageReader.ReadBinary(new byte[] { 0, 5, 99 })).Sequence);
    }

    [Fact]
    public void Any_bytes_are_read_without_an_exception()
    {
        Gen.Byte.Array[0, 120].Sample(bytes =>
        {
            Assert.NotNull(VoiceMessageReader.ReadText(bytes));
            Assert.NotNull(VoiceMessageReader.ReadBinary(bytes));
        }, seed: "0N0XIzNsQ0O2", iter: 5000);
    }

    [Fact]
    public void Mutated_messages_are_read_without_an_exception()
    {
        string[] seeds =
        [
            """{"op":2,"d":{"ssrc":12871,"ip":"1.2.3.4","port":50001,"modes":["aead_aes256_gcm_rtpsize"]},"seq":1}""",
            $$"""{"op":4,"d":{"mode":"aead_aes256_gcm_rtpsize","secret_key":{{SecretKey}},"dave_protocol_version":1},"seq":2}""",
            """{"op":5,"d":{"user_id":"77","ssrc":4711,"speaking":1},"seq":7}""",
            """{"op":11,"d":{"user_ids":["1","2"]},"seq":3}""",
            """{"op":24,"d":{"protocol_version":1,"epoch":1},"seq":4}""",
        ];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 3]).Sample((seed, position, value, kind) =>
        {
            List<byte> bytes = [.. Encoding.UTF8.GetBytes(seeds[seed])];
            int at = position % bytes.Count;
            if (kind == 0) bytes[at] = value;
            else if (kind == 1) bytes.RemoveAt(at);
            else if (kind == 2) bytes.Insert(at, value);
            else bytes.RemoveRange(at, bytes.Count - at);
            Assert.NotNull(VoiceMessageReader.ReadText(bytes.ToArray()));
        }, seed: "0N0XIzNsQ0O2", iter: 20_000);
    }

    private static T Read<T>(string json) => Assert.IsType<T>(VoiceMessageReader.ReadText(Encoding.UTF8.GetBytes(json)), exactMatch: true);
}
