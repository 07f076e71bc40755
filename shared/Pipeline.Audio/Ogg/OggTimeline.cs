namespace Pipeline.Audio.Ogg;

/// <summary>
/// Where the packets of an Ogg Opus file lie, by its pages' granule positions (RFC 7845 §4): counted in samples at 48 kHz from the first
/// audible one of the file, over all streams that are chained in it.
/// </summary>
internal sealed class OggTimeline
{
    // As long as a call may be: a granule position that leaps further is no time.
    private const long LongestLeap = 7L * 24 * 3600 * 48_000;

    // What damage can take of a stream's start; one that begins later was joined while it ran (RFC 7845 §4.5).
    private const long LongestLostStart = 600L * 48_000;

    private long granule; // at Position; -1: not known yet
    private long streamStart;
    private long? streamEnd;
    private Leap ahead; // taken before the next packet
    private Leap inside; // taken where the page has a packet that says nothing

    /// <summary>End of the last packet.</summary>
    public long Position { get; private set; }

    public void BeginStream(OpusHead head)
    {
        streamStart = Math.Max(0, Math.Min(Position, streamEnd ?? Position));
        Position = streamStart - head.PreSkip;
        (granule, ahead, inside, streamEnd) = (-1, default, default, null);
    }

    /// <summary>Takes a page's granule position, before the packets that end on it are read.</summary>
    /// <returns>What is wrong with the position, or null.</returns>
    public string? Enter(in PageSamples page)
    {
        streamEnd = null;
        if (page.Granule < 0) return null; // RFC 7845 §4: no packet ends here; of a writer that lies no time is known
        bool isDamaged = page.HasDamage || page.IsBehindDamage;
        long before = page.Granule - page.Samples;
        bool isWhole = !isDamaged && !page.HasHole;
        long known = granule >= 0 ? granule : !isWhole && before < LongestLostStart ? 0 : Math.Max(0, before);
        long difference = before - known;
        granule = page.Granule;
        if (difference > LongestLeap) return $"the granule position leaps by {difference / 48_000} s";
        long leap = Math.Max(0, difference);
        // Before a page with an end trim the two cannot be told apart: what was lost are whole packets, the rest is trimmed.
        if (isDamaged && page.IsLast && page.LastSamples > 0) leap = (leap + page.LastSamples - 1) / page.LastSamples * page.LastSamples;
        if (page.HasHole && !page.IsBehindDamage) inside = inside.With(leap, isDamaged);
        else ahead = ahead.With(leap, isDamaged);
        if (page.IsLast) streamEnd = Position + ahead.Samples + inside.Samples + page.Samples + difference - leap;
        return difference < 0 && !page.IsLast ? "the granule position runs back" : null;
    }

    /// <summary>Places the next packet.</summary>
    public PlacedPacket Place(int samples)
    {
        Position += ahead.Samples;
        PlacedPacket placed = new(
            Position,
            (int)Math.Clamp(streamStart - Position, 0, samples),
            streamEnd is { } end ? (int)Math.Clamp(Position + samples - end, 0, samples) : 0,
            ahead.IsDamage ? ahead.Samples : 0);
        Position += samples;
        ahead = default;
        return placed;
    }

    /// <summary>Here is a packet that says nothing: what its page lacks is missing here.</summary>
    public void PassHole()
    {
        ahead = ahead.With(inside.Samples, inside.IsDamage);
        inside = default;
    }

    private readonly record struct Leap(long Samples, bool IsDamage)
    {
        public Leap With(long samples, bool isDamage) => samples == 0 ? this : new Leap(Samples + samples, IsDamage || isDamage);
    }
}

/// <summary>What a page says of its time, and what it holds.</summary>
/// <param name="Samples">Of the packets that end on it.</param>
/// <param name="LastSamples">Of the last of them.</param>
/// <param name="HasHole">A packet on it says nothing.</param>
/// <param name="HasDamage">A packet on it is no Opus.</param>
/// <param name="Granule">Its granule position.</param>
/// <param name="IsBehindDamage">Something was lost since the last page that said its time.</param>
internal readonly record struct PageSamples(long Samples, int LastSamples, bool HasHole, bool HasDamage, long Granule, bool IsLast,
    bool IsBehindDamage);

/// <summary>Place of a packet, and how much of it counts; see <see cref="OggOpusPacket"/>.</summary>
internal readonly record struct PlacedPacket(long Position, int StartTrim, int EndTrim, long Missing);
