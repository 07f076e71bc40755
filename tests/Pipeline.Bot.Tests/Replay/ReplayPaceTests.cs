using Pipeline.Audio.Opus;
using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Replay;

/// <summary>When a voice of a replay sends what: packet by packet, over repetitions, over a network that loses some.</summary>
public sealed class ReplayPaceTests : IDisposable
{
    private const int Frame = 960;
    private const int Second = 48_000;

    private readonly TempFolder folder = new();
    private readonly ReplayOptions plain;

    public ReplayPaceTests()
    {
        File.WriteAllBytes(folder.Combine("ada.opus"), OggBytes.Ada);
        plain = new ReplayOptions { Speakers = [new ReplaySpeaker(1, "Ada", folder.Combine("ada.opus"), TimeSpan.Zero)] };
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Each_packet_is_sent_once_and_five_frames_of_silence_follow()
    {
        using ReplayVoice voice = Voice(plain, out int packets);
        List<ReplayFrame?> sent = SendAll(voice);
        Assert.Equal(packets + 5, sent.Count);
        Assert.Equal((packets + 5, 0), (voice.Sent, voice.Lost));
        for (int i = 0; i < sent.Count; i++)
        {
            ReplayFrame frame = sent[i]!.Value, first = sent[0]!.Value;
            Assert.Equal((ushort)(first.SequenceNumber + i), frame.SequenceNumber);
            Assert.Equal(unchecked(first.Timestamp + (uint)(i * Frame)), frame.Timestamp);
            Assert.Equal(SampleClock.ToTime(i * (long)Frame), frame.ArrivesAt);
            Assert.Equal(i >= packets, frame.Buffer.AsSpan(0, frame.Length).SequenceEqual(OpusPacket.SilenceMarker));
            Assert.Equal((1UL, first.Ssrc), (frame.UserId, frame.Ssrc));
        }
        Assert.Null(voice.NextAt);
    }

    [Fact]
    public void Repetitions_follow_packet_on_packet_until_the_call_is_long_enough()
    {
        using ReplayVoice voice = Voice(plain with { RepeatFor = TimeSpan.FromSeconds(60) }, out int packets);
        List<ReplayFrame?> sent = SendAll(voice);
        Assert.True(packets < 60 * 50);
        Assert.Equal(60 * 50, sent.Count);
        Assert.All(sent.Zip(sent.Skip(1)), pair => Assert.Equal(((ushort)1, (uint)Frame), Step(pair.First, pair.Second)));
        Assert.Equal(Bytes(sent[0]), Bytes(sent[packets]));
        Assert.Equal(Bytes(sent[packets - 1]), Bytes(sent[(2 * packets) - 1]));
    }

    [Fact]
    public void Pause_between_repetitions_is_counted_from_the_last_word()
    {
        using ReplayVoice voice = Voice(plain with { RepeatFor = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromSeconds(1) },
            out int packets);
        List<ReplayFrame?> sent = SendAll(voice);
        Assert.Equal((ushort)1, Step(sent[packets + 4], sent[packets + 5]).Numbers);
        Assert.Equal((uint)(Second - (4 * Frame)), Step(sent[packets + 4], sent[packets + 5]).Samples);
        Assert.Equal(Bytes(sent[0]), Bytes(sent[packets + 5]));
        Assert.All(sent, frame => Assert.True(frame!.Value.ArrivesAt < TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Network_loses_and_delays_the_same_packets_whenever_it_is_gone_on_with()
    {
        ReplayOptions poor = plain with { Loss = 0.3, Jitter = TimeSpan.FromMilliseconds(100), Seed = 5 };
        using ReplayVoice whole = Voice(poor, out int packets), continued = Voice(poor, out _);
        using ReplayVoice other = Voice(poor with { Seed = 6 }, out _);
        List<ReplayFrame?> sent = SendAll(whole);
        for (int i = 0; i < 100; i++) Assert.Null(continued.Send(skip: true));
        Assert.Equal((0, 0), (continued.Sent, continued.Lost));
        List<ReplayFrame?> rest = SendAll(continued);
        Assert.Equal(sent.Skip(100).Select(frame => (frame?.SequenceNumber, frame?.ArrivesAt)),
            rest.Select(frame => (frame?.SequenceNumber, frame?.ArrivesAt)));
        Assert.Equal((packets + 5, sent.Count(frame => frame is null)), (whole.Sent, whole.Lost));
        Assert.InRange(whole.Lost / (double)whole.Sent, 0.2, 0.4);
        for (int i = 0; i < sent.Count; i++)
        {
            if (sent[i] is not { } frame) continue;
            Assert.InRange(frame.ArrivesAt - SampleClock.ToTime(i * (long)Frame), TimeSpan.Zero, poor.Jitter);
        }
        Assert.NotEqual(sent.Select(frame => frame is null), SendAll(other).Select(frame => frame is null));
    }

    [Fact]
    public void Replay_of_something_else_is_another_recording()
    {
        ReplaySpeaker ada = plain.Speakers[0];
        ReplayOptions[] others =
        [
            plain with { RepeatFor = TimeSpan.FromSeconds(1) }, plain with { Pause = TimeSpan.FromSeconds(1) }, plain with { Loss = 0.1 },
            plain with { Jitter = TimeSpan.FromSeconds(1) }, plain with { Seed = 2 }, plain with { GuildId = 2 },
            plain with { ChannelId = 2 }, plain with { Speakers = [ada with { UserId = 2 }] },
            plain with { Speakers = [ada with { Name = "Eve" }] }, plain with { Speakers = [ada with { File = "eve.opus" }] },
            plain with { Speakers = [ada with { Start = TimeSpan.FromTicks(1) }] }, plain with { Speakers = [ada, ada] },
        ];
        Assert.Equal(others.Length + 1, others.Append(plain).Select(options => options.Fingerprint()).Distinct().Count());
        Assert.Equal(plain.Fingerprint(), (plain with { Speed = 9, JsonFile = "a.json", Continue = true }).Fingerprint());
        Assert.Equal(32, plain.Fingerprint().Length);
    }

    private static ReplayVoice Voice(ReplayOptions options, out int packets)
    {
        ReplayInput input = ReplayInput.Read(options, OpusCodecs.Choose(OpusChoice.Auto));
        using ReplayFile.Cursor cursor = input.FileOf(options.Speakers[0]).Begin();
        packets = 0;
        while (cursor.TryRead(out _)) packets++;
        return new ReplayVoice(options.Speakers[0], input, options, incarnation: 1);
    }

    private static List<ReplayFrame?> SendAll(ReplayVoice voice)
    {
        List<ReplayFrame?> sent = [];
        while (voice.NextAt is not null)
        {
            Assert.True(sent.Count < 100_000, "half an hour of frames, and the voice does not come to its end");
            sent.Add(voice.Send(skip: false));
        }
        return sent;
    }

    private static (ushort Numbers, uint Samples) Step(ReplayFrame? one, ReplayFrame? next) =>
        ((ushort)(next!.Value.SequenceNumber - one!.Value.SequenceNumber), unchecked(next.Value.Timestamp - one.Value.Timestamp));

    private static byte[] Bytes(ReplayFrame? frame) => frame!.Value.Buffer[..frame.Value.Length];
}
