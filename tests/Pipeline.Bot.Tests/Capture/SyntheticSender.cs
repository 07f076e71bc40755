using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>
/// Speaks a noise that is nowhere like itself, so that every stretch of it can be found again, and sends it through a network.
/// </summary>
internal sealed class SyntheticSender
{
    private const int MarkersAtEnd = 5;

    private readonly SenderScenario scenario;
    private readonly Random random;
    private readonly bool[] arrived;
    private uint ssrc = 5000;
    private ushort sequence;
    private uint timestamp;
    private Spurt? spurt;

    public SyntheticSender(SenderScenario scenario)
    {
        this.scenario = scenario;
        random = new Random(scenario.Seed);
        (sequence, timestamp) = (scenario.FirstSequence, scenario.FirstTimestamp);
        int length = (scenario.Turns.Sum() + (scenario.Turns.Length * 200) + 1000) * 48;
        Voice = Noise(length, new Random(scenario.Seed + 1));
        arrived = new bool[length];
    }

    /// <summary>What is said, mono, by the sender's own clock from its first sample on; zero in pauses.</summary>
    public short[] Voice { get; }

    /// <summary>Everything that arrives, in order of arrival.</summary>
    public List<SentPacket> Packets { get; } = [];

    public List<Spurt> Spurts { get; } = [];

    /// <summary>Share of these samples of the media whose packets arrived.</summary>
    public double Arrived(long start, int samples) => arrived.AsSpan((int)start, samples).Count(true) / (double)samples;

    public int Sent { get; private set; }
    public int LostCount { get; private set; }

    public SyntheticSender Speak()
    {
        using OpusEncoder encoder = new(bitrate: 96_000);
        int frame = (int)(scenario.FrameMilliseconds * 48);
        long media = 0;
        for (int turn = 0; turn < scenario.Turns.Length; turn++)
        {
            long end = media + (scenario.Turns[turn] * 48L);
            if (turn % 2 == 0)
            {
                BeginSpurt(media, end + (MarkersAtEnd * 960));
                if (scenario.LeftoverMarker && turn > 0) media = SendMarkers(media, 1);
                for (; media + frame <= end; media += frame) Send(media, frame, encoder.Encode(Voice.AsSpan((int)media, frame)).ToArray());
                media = SendMarkers(media, MarkersAtEnd);
            }
            else
            {
                if (turn == scenario.RejoinAtTurn) Rejoin();
                if (!scenario.ClockStopsInPauses) timestamp += (uint)(end - media);
            }
            Voice.AsSpan((int)media, (int)Math.Max(0, end - media)).Clear();
            media = Math.Max(media, end);
        }
        Voice.AsSpan((int)media).Clear();
        Packets.Sort((a, b) => a.ArrivalMilliseconds.CompareTo(b.ArrivalMilliseconds));
        return this;
    }

    /// <summary>Recording position at which a sample of the sender's clock was said.</summary>
    public double TruePosition(double mediaSample) => (scenario.StartsAt * 48) + (mediaSample / (1 + (scenario.PartsPerMillion * 1e-6)));

    private bool IsOnTime => scenario.OnTimeOneIn > 0 && Sent % scenario.OnTimeOneIn == 0;

    private void BeginSpurt(long start, long end)
    {
        double held = scenario.HeadHold > 0 ? random.NextDouble() * scenario.HeadHold : double.NegativeInfinity;
        Spurts.Add(spurt = new Spurt(start, end, (TruePosition(start) / 48) + held));
    }

    private long SendMarkers(long media, int count)
    {
        Voice.AsSpan((int)media, count * 960).Clear();
        for (int i = 0; i < count; i++, media += 960) Send(media, 960, OpusPacket.SilenceMarker.ToArray());
        return media;
    }

    private void Rejoin()
    {
        ssrc += 77;
        sequence = (ushort)random.Next(65_536);
        timestamp = (uint)random.NextInt64(1L << 32);
    }

    private void Send(long media, int samples, byte[] opus)
    {
        double sentAt = TruePosition(media) / 48;
        double arrival = sentAt + (random.NextDouble() * scenario.Jitter);
        if (scenario.Late > 0 && sentAt >= scenario.LateFrom && sentAt < scenario.LateUntil)
            arrival = IsOnTime ? sentAt : arrival + scenario.Late;
        if (random.NextDouble() < scenario.Reorder) arrival += 1.5 * scenario.FrameMilliseconds;
        if (sentAt >= scenario.StallAt && sentAt <= scenario.StallAt + scenario.StallLength)
            arrival = scenario.StallAt + scenario.StallLength + (media * 1e-9);
        if (arrival < spurt!.HeldUntil) arrival = spurt.HeldUntil + (media * 1e-9);
        Sent++;
        if (random.NextDouble() < scenario.Loss) LostCount++;
        else
        {
            Packets.Add(new SentPacket(arrival, ssrc, sequence, timestamp, opus));
            arrived.AsSpan((int)media, samples).Fill(true);
            spurt.Earliest = Math.Min(spurt.Earliest, (arrival * 48) - (media - spurt.Start));
        }
        sequence++;
        timestamp += (uint)samples;
    }

    // White noise through two one-pole low-passes at about 1.5 kHz: it survives the codec as a waveform.
    private static short[] Noise(int length, Random random)
    {
        short[] noise = new short[length];
        double first = 0, second = 0;
        for (int i = 0; i < length; i++)
        {
            first += 0.2 * (((random.NextDouble() * 2) - 1) - first);
            second += 0.2 * (first - second);
            noise[i] = (short)Math.Clamp(second * 60_000, short.MinValue, short.MaxValue);
        }
        return noise;
    }
}
