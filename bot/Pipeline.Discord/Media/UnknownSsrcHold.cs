using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>
/// Keeps the frames of sources whose user is not known yet: audio may overtake the Speaking message that names its sender. Bounded in
/// sources, packets and time; the oldest goes first, and what goes is told. A source is offered to be settled without a name only once
/// it has sent sound, and some packets in a row. As <see cref="MediaPath"/>, one thread at a time.
/// </summary>
internal sealed class UnknownSsrcHold
{
    /// <summary>Sources held at once; a further one takes the place of one that has shown less (<see cref="ProvenBy"/>).</summary>
    public const int MaxSources = 32;

    /// <summary>2 s of the shortest frames that Opus has (2.5 ms).</summary>
    public const int MaxFramesPerSource = 800;

    /// <summary>
    /// So many packets in a row make a source somebody's, who gets a track. RFC 3550 A.1 takes two for a source; one word of a client
    /// has six (a frame of sound, five of silence), of which half may be lost.
    /// </summary>
    public const int ProvenBy = 3;

    /// <summary>Older frames are of no use: the recording closes a silence after about as long.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(2);

    // 2 s at 96 kbit/s and 50 frames a second, with 32 bytes for each.
    private const int BytesPerSource = 64 * 1024;

    // Numbers that are further apart do not hang together; a third of a second is lost or late between them.
    private const int LongestStep = 16;

    private readonly Action<DropReason, int> giveUp;
    private readonly List<Source> sources = new(MaxSources);
    private readonly Stack<AudioFrameRing> spareRings = [];
    private readonly long maxAge;

    /// <param name="time">The session's clock.</param>
    /// <param name="giveUp">Called with how many frames are given up, and why.</param>
    public UnknownSsrcHold(TimeProvider time, Action<DropReason, int> giveUp)
    {
        this.giveUp = giveUp;
        maxAge = (long)(MaxAge.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>What became of a source when it was offered its user.</summary>
    public delegate bool TryFindUser(uint ssrc, out ulong userId);

    public delegate void Deliver(ulong userId, in AudioFrame frame);

    public int SourceCount => sources.Count;

    /// <summary>Holds one frame (its user id is not used); others may be given up for it.</summary>
    /// <param name="frame">Copied.</param>
    /// <param name="settle">A source that would lose something is offered first.</param>
    /// <param name="deliver">Takes what has a user then.</param>
    public void Add(in AudioFrame frame, TryFindUser settle, Deliver deliver)
    {
        if (Find(frame.Ssrc) is not { } source)
        {
            if (sources.Count == MaxSources) MakeRoom(settle, deliver);
            source = Open(frame.Ssrc);
        }
        source.Note(in frame);
        while (source.Frames >= MaxFramesPerSource || !source.Ring.TryWrite(frame))
        {
            if (source.Frames == 0)
            {
                giveUp(source.Reason, 1);
                return;
            }
            if (source.IsSomebody && settle(source.Ssrc, out ulong userId))
            {
                HandOver(sources.IndexOf(source), userId, deliver);
                deliver(userId, frame);
                return;
            }
            DropOldest(source);
            giveUp(source.Reason, 1);
        }
        source.Frames++;
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

    /// <summary>Offers sources whose time is over to <paramref name="tryFindUser"/>, if they are somebody's.</summary>
    public void Settle(long now, TryFindUser tryFindUser, Deliver deliver)
    {
        for (int i = sources.Count - 1; i >= 0; i--)
        {
            Source source = sources[i];
            bool isOverdue = source.IsSomebody && now - source.OpenedAt > maxAge;
            if (isOverdue && tryFindUser(source.Ssrc, out ulong userId)) HandOver(i, userId, deliver);
        }
    }

    /// <summary>Gives up what has waited too long.</summary>
    public void Expire(long now)
    {
        for (int i = sources.Count - 1; i >= 0; i--)
        {
            Source source = sources[i];
            int lost = 0;
            while (source.Frames > 0 && source.Ring.TryRead(out AudioFrame frame) && now - frame.ReceivedAt > maxAge)
            {
                DropOldest(source);
                lost++;
            }
            if (lost > 0) giveUp(source.Reason, lost);
            if (source.Frames == 0) Close(i);
        }
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

    // Who has shown least goes, and of those the one that has been quiet longest: a flood of single packets pushes out itself.
    private void MakeRoom(TryFindUser settle, Deliver deliver)
    {
        int least = 0;
        for (int i = 1; i < sources.Count; i++)
        {
            if ((sources[i].InRow, sources[i].LastAt).CompareTo((sources[least].InRow, sources[least].LastAt)) < 0) least = i;
        }
        Source source = sources[least];
        if (source.IsSomebody && settle(source.Ssrc, out ulong userId))
        {
            HandOver(least, userId, deliver);
            return;
        }
        giveUp(source.Reason, source.Frames);
        Close(least);
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
        public long LastAt { get; private set; }
        public long OpenedAt { get; private set; }

        /// <summary>Packets that hang together by their numbers, up to <see cref="ProvenBy"/>.</summary>
        public int InRow { get; private set; }

        public bool IsSomebody => hasSound && InRow == ProvenBy;

        /// <summary>Why its frames are given up.</summary>
        public DropReason Reason => hasSound && InRow < ProvenBy ? DropReason.StraySource : DropReason.UnknownSsrc;

        private bool hasSound;
        private ushort lastNumber;

        /// <summary>A packet of it came.</summary>
        public void Note(in AudioFrame frame)
        {
            int step = Math.Abs((int)(short)(frame.SequenceNumber - lastNumber));
            if (InRow == 0 || step > LongestStep) InRow = InRow == ProvenBy ? ProvenBy : 1;
            else if (step > 0) InRow = Math.Min(InRow + 1, ProvenBy);
            lastNumber = frame.SequenceNumber;
            hasSound |= frame.Kind == AudioFrameKind.Opus && !RtpPayload.IsSilence(frame.Opus);
            if (LastAt == 0) OpenedAt = frame.ReceivedAt;
            LastAt = frame.ReceivedAt;
        }
    }
}
