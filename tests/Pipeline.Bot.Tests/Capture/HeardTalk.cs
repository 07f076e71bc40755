using Pipeline.Audio.Opus;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>
/// When somebody certainly spoke, by the packets that came and by nothing that a recording makes of them. A pause needs that the
/// sender ended its talk by a silence marker, or that its clock shows time for which it numbered no packet; a lost packet is none.
/// </summary>
internal sealed class HeardTalk
{
    // What a place may differ from the truth, and a frame.
    private const double Blur = 40 * 48;

    private readonly List<Source> sources = [];

    /// <param name="arrival">In samples since the recording's start.</param>
    public void Add(uint ssrc, ushort sequence, uint timestamp, double arrival, ReadOnlySpan<byte> opus, AudioFrameKind kind)
    {
        if (kind != AudioFrameKind.Opus || !OpusPacket.IsWellFormed(opus, out int samples)) return;
        Source? source = sources.LastOrDefault(one => one.Ssrc == ssrc);
        int step = source is null ? 0 : (short)(sequence - (ushort)source.Newest.Sequence);
        if (source is null || Math.Abs(step) > 1000) sources.Add(source = new Source(ssrc));
        long number = source.Packets.Count == 0 ? sequence : source.Newest.Sequence + step;
        long time = source.Packets.Count == 0 ? timestamp : source.Newest.Time + (int)(timestamp - (uint)source.Newest.Time);
        Heard packet = new(number, time, arrival, samples, OpusPacket.IsSilent(opus));
        source.Packets.TryAdd(number, packet);
        if (source.Packets.Count == 1 || number > source.Newest.Sequence) source.Newest = packet;
    }

    /// <summary>Stretches of the recording, in samples, within which speech goes on; as much shorter as its place is uncertain.</summary>
    public IEnumerable<(long Start, long End)> Stretches() => sources.SelectMany(source => source.Runs()).Select(Sure)
        .Where(stretch => stretch.End > stretch.Start);

    // The packet that the network delayed least shows when talk began, as SpurtJudgement has it. A clock may gain or lose on the way.
    private static (long Start, long End) Sure(List<Heard> run)
    {
        double start = run.TakeWhile(packet => packet.Time - run[0].Time < 48_000).Min(packet => packet.Arrival - packet.Time);
        double end = run.Min(packet => packet.Arrival - packet.Time);
        return ((long)(run[0].Time + start + Blur), (long)(run[^1].Time + run[^1].Samples + end - Blur));
    }

    private readonly record struct Heard(long Sequence, long Time, double Arrival, int Samples, bool IsSilent);

    private sealed class Source(uint ssrc)
    {
        public uint Ssrc { get; } = ssrc;
        public SortedDictionary<long, Heard> Packets { get; } = [];
        public Heard Newest { get; set; }

        public IEnumerable<List<Heard>> Runs()
        {
            List<Heard> run = [];
            foreach (Heard packet in Packets.Values)
            {
                if (run.Count > 0 && (packet.IsSilent || !GoesOn(run[^1], packet)))
                {
                    yield return run;
                    run = [];
                }
                if (!packet.IsSilent) run.Add(packet);
            }
            if (run.Count > 0) yield return run;
        }

        // As much time as the packets between them take, by the sender's clock. Half a frame: it may count roughly.
        private static bool GoesOn(Heard before, Heard packet)
        {
            long step = packet.Time - before.Time, between = packet.Sequence - before.Sequence;
            return step > 0 && step <= (between * before.Samples) + (before.Samples / 2);
        }
    }
}
