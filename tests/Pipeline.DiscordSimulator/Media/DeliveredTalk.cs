namespace Pipeline.DiscordSimulator.Media;

/// <summary>
/// One talk of a speaker as it went on the wire to one client: the frames between two silences. A network and a starved
/// sender only ever add delay, so the packet that was delayed least says when the talk began.
/// </summary>
/// <param name="Frames">Frames that the speaker sent, lost ones too.</param>
/// <param name="Earliest">Virtual time of its first sample by the earliest packet; the largest value when none was delivered.</param>
/// <param name="Wandering">How far the earliest packet of five seconds lies from that of the five before, summed up: what a clock that runs
/// slow or fast, or a sender that falls behind, may ask of a recorder.</param>
public sealed record DeliveredTalk(int Frames, TimeSpan Earliest, TimeSpan Wandering)
{
    private const double SamplesPerSecond = 48_000;
    private static readonly TimeSpan Stretch = TimeSpan.FromSeconds(5);

    /// <summary>Cuts a speaker's packets into talks.</summary>
    /// <param name="packets">All packets of one stream for one receiver, delivered or lost, in any order.</param>
    public static IReadOnlyList<DeliveredTalk> Of(IEnumerable<DeliveredPacket> packets)
    {
        List<DeliveredTalk> talks = [];
        List<DeliveredPacket> talk = [];
        foreach (DeliveredPacket packet in packets.Where(packet => packet.Outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Lost)
            .OrderBy(packet => packet.SpokenAt).ThenBy(packet => packet.Sequence))
        {
            if (!packet.IsSilence)
                talk.Add(packet);
            else if (talk.Count > 0)
            {
                talks.Add(Measure(talk));
                talk.Clear();
            }
        }

        if (talk.Count > 0)
            talks.Add(Measure(talk));
        return talks;
    }

    private static DeliveredTalk Measure(List<DeliveredPacket> talk)
    {
        TimeSpan[] begins = [.. talk
            .Where(packet => packet.Outcome == DeliveryOutcome.Delivered)
            .GroupBy(packet => (long)(Offset(talk[0], packet) / Stretch))
            .OrderBy(stretch => stretch.Key)
            .Select(stretch => stretch.Min(packet => packet.At - Offset(talk[0], packet)))];
        double wandering = begins.Zip(begins.Skip(1)).Sum(pair => (pair.Second - pair.First).Duration().TotalSeconds);
        return new DeliveredTalk(talk.Count, begins.DefaultIfEmpty(TimeSpan.MaxValue).Min(), TimeSpan.FromSeconds(wandering));
    }

    private static TimeSpan Offset(DeliveredPacket first, DeliveredPacket packet) =>
        TimeSpan.FromSeconds((int)(packet.Timestamp - first.Timestamp) / SamplesPerSecond);
}
