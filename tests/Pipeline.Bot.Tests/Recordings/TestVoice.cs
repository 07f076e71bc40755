using Pipeline.Audio.Ogg;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>One person who talks without end into a recording whose clock the test moves.</summary>
internal sealed class TestVoice
{
    private static readonly TimeSpan FrameDuration = TimeSpan.FromMilliseconds(20);
    private static readonly Lazy<byte[][]> Packets = new(Load);

    private readonly ActiveRecording host;
    private readonly ReplayClock clock;
    private readonly ulong userId;
    private readonly uint ssrc;
    private int sent;

    public TestVoice(ActiveRecording host, ReplayClock clock, ulong userId, string name)
    {
        (this.host, this.clock, this.userId, ssrc) = (host, clock, userId, (uint)(userId + ((ulong)host.Incarnation * 1000)));
        host.Recording.Introduce(userId, name, isBot: false);
    }

    public void Talk(double seconds)
    {
        int frames = (int)(seconds * 50);
        for (int frame = 0; frame < frames; frame++)
        {
            clock.AdvanceTo(clock.Elapsed + FrameDuration);
            AudioFrame audio = new()
            {
                Kind = AudioFrameKind.Opus,
                UserId = userId,
                Ssrc = ssrc,
                SequenceNumber = (ushort)sent,
                Timestamp = (uint)(clock.Elapsed / FrameDuration * 960),
                ReceivedAt = clock.GetTimestamp(),
                Opus = Packets.Value[sent++ % Packets.Value.Length],
            };
            Assert.True(host.Recording.Frames.TryWrite(in audio));
            if (frame % 3 == 2) host.Tick();
        }
        host.Tick();
    }

    private static byte[][] Load()
    {
        List<byte[]> packets = [];
        using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", "ada.opus"));
        OggOpusReader reader = new(file);
        while (reader.TryRead(out OggOpusPacket packet)) packets.Add(packet.Opus.ToArray());
        return [.. packets];
    }
}
