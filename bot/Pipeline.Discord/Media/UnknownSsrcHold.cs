using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>
/// Keeps the frames of sources whose user is not known yet: audio may overtake the Speaking message that names its sender. Bounded in
/// sources, packets and time; the oldest goes first, and what goes is counted by the caller. As <see cref="MediaPath"/>, one thread at
/// a time.
/// </summary>
internal sealed class UnknownSsrcHold(TimeProvider time)
{
    /// <summary>Sources held at once; a further one takes the place of the one that has been quiet longest.</summary>
    public const int MaxSources = 32;

    /// <summary>2 s of the shortest frames that Opus has (2.5 ms).</summary>
    public const int MaxFramesPerSource = 800;

    /// <summary>Older frames are of no use: the recording closes a silence after about as long.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(2);

    // 2 s at 96 kbit/s and 50 frames a second, with 32 bytes for each.
    private const int BytesPerSource = 64 * 1024;

    private readonly List<Source> sources = new(MaxSources);
    private readonly Stack<AudioFrameRing> spareRings = [];
    private readonly long maxAge = (long)(MaxAge.TotalSeconds * time.TimestampFrequency);

    /// <summary>What became of a source when it was offered its user.</summary>
    public delegate bool TryFindUser(uint ssrc, out ulong userId);

    public delegate void Deliver(ulong userId, in AudioFrame frame);

    public int SourceCount => sources.Count;

    /// <summary>Holds one frame (its user id is not used). Returns how many older frames were given up for it.</summary>
    /// <param name="frame">Copied.</param>
    /// <param name="settle">A source that would lose something is offered first, if anything but silence has come from it.</param>
    /// <param name="deliver">Takes what has a user then.</param>
    public int Add(in AudioFrame frame, TryFindUser settle, Deliver deliver)
    {
        int lost = 0;
        if (Find(frame.Ssrc) is not { } source)
        {
            if (sources.Count == MaxSources) lost = MakeRoom(settle, deliver);
            source = Open(frame.Ssrc);
        }
        while (source.Frames >= MaxFramesPerSource || !source.Ring.TryWrite(frame))
        {
            if (source.Frames == 0) return lost + 1;
            if (source.HasSound && settle(source.Ssrc, out ulong userId))
            {
                HandOver(sources.IndexOf(source), userId, deliver);
                deliver(userId, frame);
                return lost;
            }
            DropOldest(source);
            lost++;
        }
        source.Frames++;
        source.HasSound |= frame.Kind == AudioFrameKind.Opus && !RtpPayload.IsSilence(frame.Opus);
        if (source.LastAt == 0) source.OpenedAt = frame.ReceivedAt;
        source.LastAt = frame.ReceivedAt;
        return lost;
    }

    /// <summary>Hands over, in arrival order, what belongs to users that have become known.</summary>
    public void Release(TryFindUser tryFindUser, Deliver deliver)
    {
        for (int i = sources.Count - 1; i >= 0; i--)
        {
            Source source = sources[i];
            if (tryFindUser(source.Ssrc, out ulong userId)) HandOver(i, userId, deliver);
        }
    }

    public bool Contains(uint ssrc) => Find(ssrc) is not null;

    /// <summary>Arrival of the source's first frame; only of one that is held.</summary>
    public long OpenedAt(uint ssrc) => Find(ssrc)!.OpenedAt;

    /// <summary>Offers sources whose time is over to <paramref name="tryFindUser"/>, if anything but silence has come from them.</summary>
    public void Settle(long now, TryFindUser tryFindUser, Deliver deliver)
    {
        for (int i = sources.Count - 1; i >= 0; i--)
        {
            Source source = sources[i];
            bool isOverdue = source.HasSound && now - source.OpenedAt > maxAge;
            if (isOverdue && tryFindUser(source.Ssrc, out ulong userId)) HandOver(i, userId, deliver);
        }
    }

    /// <summary>Gives up what has waited too long. Returns how many frames that were.</summary>
    public int Expire(long now)
    {
        int lost = 0;
        for (int i = sources.Count - 1; i >= 0; i--)
        {
            Source source = sources[i];
            while (source.Frames > 0 && source.Ring.TryRead(out AudioFrame frame) && now - frame.ReceivedAt > maxAge)
            {
                DropOldest(source);
                lost++;
            }
            if (source.Frames == 0) Close(i);
        }
        return lost;
    }

    private void HandOver(int index, ulong userId, Deliver deliver)
    {
        Source source = sources[index];
        while (source.Frames > 0 && source.Ring.TryRead(out AudioFrame frame))
        {
            deliver(userId, frame);
            source.Ring.Release();
            source.Frames--;
        }
        Close(index);
    }

    private Source? Find(uint ssrc)
    {
        foreach (Source source in sources)
        {
            if (source.Ssrc == ssrc) return source;
        }
        return null;
    }

    // The source that has been quiet longest goes; how many frames are lost by it.
    private int MakeRoom(TryFindUser settle, Deliver deliver)
    {
        int quietest = 0;
        for (int i = 1; i < sources.Count; i++)
        {
            if (sources[i].LastAt < sources[quietest].LastAt) quietest = i;
        }
        Source source = sources[quietest];
        if (source.HasSound && settle(source.Ssrc, out ulong userId))
        {
            HandOver(quietest, userId, deliver);
            return 0;
        }
        int lost = source.Frames;
        Close(quietest);
        return lost;
    }

    private Source Open(uint ssrc)
    {
        Source source = new(ssrc, spareRings.TryPop(out AudioFrameRing? ring) ? ring : new AudioFrameRing(BytesPerSource));
        sources.Add(source);
        return source;
    }

    private void Close(int index)
    {
        AudioFrameRing ring = sources[index].Ring;
        while (ring.TryRead(out _)) ring.Release();
        spareRings.Push(ring);
        sources.RemoveAt(index);
    }

    private static void DropOldest(Source source)
    {
        if (source.Ring.TryRead(out _)) source.Ring.Release();
        source.Frames--;
    }

    private sealed class Source(uint ssrc, AudioFrameRing ring)
    {
        public uint Ssrc { get; } = ssrc;
        public AudioFrameRing Ring { get; } = ring;
        public int Frames { get; set; }
        public long LastAt { get; set; }
        public long OpenedAt { get; set; }
        public bool HasSound { get; set; }
    }
}
