using Pipeline.DiscordSimulator.Media;

namespace Pipeline.Demo.Call;

/// <summary>Where the talks of a track lie, against the moments at which their packets went on the wire.</summary>
/// <param name="Errors">Of each talk: where it was found less where it belongs.</param>
/// <param name="Worst">The largest of them, with its sign.</param>
/// <param name="Wire">Where the talk with that one belongs.</param>
/// <param name="Asked">By how much the senders' own clocks and the line moved within the talks, all together.</param>
/// <param name="IsWhole">Whether as many talks went over the wire as were spoken.</param>
internal sealed record WirePlaces(IReadOnlyList<TimeSpan> Errors, TimeSpan Worst, TimeSpan Wire, TimeSpan Asked, bool IsWhole)
{
    private const int SamplesPerSecond = 48_000;
    private static readonly TimeSpan MostError = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FrameDuration = TimeSpan.FromMilliseconds(20);

    // The recorder corrects within talk from 2 ms on.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(2);

    /// <param name="frames">How many frames each talk was spoken in.</param>
    /// <param name="talks">What of it went over the wire.</param>
    /// <param name="found">Where each talk stands in the track.</param>
    /// <param name="zero">The track's beginning on the wire's clock.</param>
    public static WirePlaces Of(
        IReadOnlyList<int> frames, IReadOnlyList<DeliveredTalk> talks, IReadOnlyList<TimeSpan> found, TimeSpan zero)
    {
        List<TimeSpan> errors = [];
        TimeSpan worst = TimeSpan.Zero, wire = TimeSpan.Zero;
        foreach ((int spoken, DeliveredTalk talk, TimeSpan place) in frames.Zip(talks, found))
        {
            // A frame that overtakes the sender's op 5 is refused, by Discord too: then the talk begins before its first packet.
            TimeSpan begun = talk.Earliest - ((spoken - talk.Frames) * FrameDuration) - zero, error = place - begun;
            if (errors.Count == 0 || error.Duration() > worst.Duration()) (worst, wire) = (error, begun);
            errors.Add(error);
        }
        TimeSpan asked = TimeSpan.FromSeconds(talks.Sum(talk => talk.Wandering.TotalSeconds));
        return new WirePlaces(errors, worst, wire, asked, talks.Count == frames.Count);
    }

    /// <summary>Every talk is within 20 ms of the wire, and nothing slipped that the wire did not ask for.</summary>
    /// <param name="slipped">Samples that were left out of the talks or put into them.</param>
    public bool IsGood(long slipped) => IsWhole && Worst.Duration() <= MostError
        && slipped <= (Asked < Tolerance ? 0 : (Asked + Tolerance).TotalSeconds * SamplesPerSecond);

    /// <summary>How far talks of one or several tracks lie apart, and whether that is within 20 ms.</summary>
    public static (TimeSpan Apart, bool IsGood) Between(IReadOnlyCollection<TimeSpan> errors)
    {
        TimeSpan apart = errors.Count == 0 ? TimeSpan.Zero : errors.Max() - errors.Min();
        return (apart, apart <= MostError);
    }
}
