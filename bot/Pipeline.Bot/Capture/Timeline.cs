namespace Pipeline.Bot.Capture;

/// <summary>
/// Estimates where one user's RTP time lies in the recording: position = timestamp + <see cref="Wanted"/>, in samples at 48 kHz.
/// The estimate comes from the lower envelope of arrival. Where a run of talk begins, its first packets decide whether the old
/// one goes on or a new one is needed (new source, a clock that stopped in a pause). Places nothing.
/// </summary>
/// <remarks>
/// Figures without another source were found by trial with the mixes of TimelineSoakTests (jitter to 200 ms, loss to 20 %,
/// 500 ppm, stalls) and SpurtPlacementTests (heads held for 400 ms, clocks that stand still).
/// </remarks>
internal sealed class Timeline
{
    private const double Millisecond = 48;

    /// <summary>
    /// Samples without a packet, behind which a run begins: two lost frames of 60 ms leave 120 ms, the longest pause within talk.
    /// </summary>
    public const double PauseBeforeRun = 150 * Millisecond;

    // A new route, or a first guess under jitter: more than that is another clock.
    private const double EarlierThanPossible = 100 * Millisecond;

    // RTP clocks step by whole pauses; jitter and bursts stay far below.
    private const double StepBack = 1000 * Millisecond;
    private const double StepForward = 300 * Millisecond;

    // The 200 ms that mobile networks show, and a frame.
    private const double LaterThanJitter = 250 * Millisecond;

    // A stall that breaks is over after so long; who is late for longer has another clock.
    private const double LongestMisjudgement = 1000 * Millisecond;

    // Three frames of 20 ms at once: jitter bunches two.
    private const double BurstDepth = 60 * Millisecond;

    // The head of a talk that a client holds back while it sets up its sender.
    private const double LeastDoubt = 400 * Millisecond;

    // The least of the packets gathered lies within 2.5 means of the least of all; never under half a frame.
    private const double JitterPerSpread = 2.5;
    private const double LeastJitter = 10 * Millisecond;

    private LowerEnvelope envelope;
    private long lastTimestamp; // unwrapped
    private double lastArrival;
    private double lastDelay;
    private double lastNearArrival; // of the last packet that jitter can explain
    private double wantedBefore; // the decision
    private long decidedFrom; // sequence number with which gathering began; packets before it belong to the run before
    private double gatherStart;
    private double gatherFirstDelay;
    private double gatherLeastDelay;
    private double gatherDelaySum;
    private int gatherCount;

    public TimelineState State { get; private set; }

    /// <summary>Packets are being collected and must not be placed before <see cref="Decide"/>.</summary>
    public bool IsGathering => State is TimelineState.Gathering or TimelineState.GatheringAnchor;

    /// <summary>
    /// Samples to add to an unwrapped timestamp, by all packets so far; a new offset counts from <see cref="TakeDecision"/> on.
    /// </summary>
    public double Wanted => State == TimelineState.Reanchored ? wantedBefore : envelope.Delay;

    /// <summary>
    /// Samples by which what is placed may differ from <see cref="Wanted"/>: 2 ms, up to 5 ms where jitter makes the envelope itself
    /// uncertain.
    /// </summary>
    public double Tolerance => Math.Clamp(envelope.Spread * 0.05, 2 * Millisecond, 5 * Millisecond);

    /// <summary>Samples for which packets are gathered at most.</summary>
    public static double LongestGathering(double window) => Math.Max(4 * window, LeastDoubt);

    /// <summary>RTP time without wraps.</summary>
    public long Unwrap(uint timestamp) => lastTimestamp + (int)(timestamp - (uint)lastTimestamp);

    /// <summary>A new RTP source, or a new base of the same: nothing known holds any more.</summary>
    public void BeginEpoch(uint timestamp, double arrival)
    {
        lastTimestamp = timestamp;
        (lastArrival, lastNearArrival) = (arrival, arrival);
        BeginGathering(TimelineState.GatheringAnchor, long.MinValue, arrival, arrival - timestamp);
        envelope.Reset(double.NegativeInfinity, arrival); // no old delay can be kept
    }

    /// <summary>
    /// Takes a packet in order of arrival, whether or not it is placed later. Begins to gather when it is the first of a run.
    /// </summary>
    /// <param name="beginsTalk">It is no silence marker, and no late packet of the talk before either.</param>
    /// <param name="afterMarker">The one before it was a silence marker: talk had ended, and a sender's clock may have stood still
    /// since.</param>
    public void Observe(in Packet packet, bool beginsTalk, bool afterMarker)
    {
        double delay = packet.Arrival - packet.Timestamp;
        if (State == TimelineState.Following) LookForRun(in packet, delay, beginsTalk, afterMarker);
        if (IsGathering) Gather(delay);
        else envelope.Observe(delay, packet.Arrival);
        if (IsGathering || delay - envelope.Delay < LaterThanJitter) lastNearArrival = packet.Arrival;
        lastTimestamp = Math.Max(lastTimestamp, packet.Timestamp);
        (lastArrival, lastDelay) = (Math.Max(lastArrival, packet.Arrival), delay);
    }

    /// <summary>
    /// Enough has been gathered: a window's worth, or four where it looks as if a new offset were needed, because a few late
    /// packets in a row look the same.
    /// </summary>
    public bool HasGathered(double arrival, double window)
    {
        double gathered = arrival - gatherStart;
        if (gathered < window) return false;
        return double.IsNegativeInfinity(envelope.Delay) || Keeps(envelope.DelayAt(gatherStart)) || gathered >= LongestGathering(window);
    }

    /// <summary>
    /// Ends gathering: the old offset goes on where jitter or a stall explains what came, else the best packet gives a new one.
    /// </summary>
    /// <param name="overflowed">More came than fits, faster than anybody speaks: a stall has broken.</param>
    public void Decide(bool overflowed)
    {
        double known = envelope.DelayAt(gatherStart);
        bool isStall = State == TimelineState.Gathering && (overflowed || gatherFirstDelay - gatherLeastDelay >= BurstDepth);
        wantedBefore = envelope.Delay;
        if (isStall || Keeps(known))
        {
            envelope.Resume(Math.Min(gatherLeastDelay, known), gatherStart);
            State = TimelineState.Kept;
            return;
        }
        envelope.Reset(gatherLeastDelay, gatherStart, spread: (gatherDelaySum / Math.Max(1, gatherCount)) - gatherLeastDelay);
        State = double.IsNegativeInfinity(known) ? TimelineState.Anchored : TimelineState.Reanchored;
    }

    /// <summary>A decision is made that this packet has to take over.</summary>
    public bool HasDecisionFor(long sequence) =>
        State is TimelineState.Kept or TimelineState.Anchored or TimelineState.Reanchored && sequence >= decidedFrom;

    /// <summary>From here on <see cref="Wanted"/> is what was decided.</summary>
    public void TakeDecision() => State = TimelineState.Following;

    /// <summary>Believes this packet alone.</summary>
    public void Reanchor(in Packet packet)
    {
        envelope.Reset(packet.Arrival - packet.Timestamp, packet.Arrival);
        State = TimelineState.Following;
    }

    private void LookForRun(in Packet packet, double delay, bool beginsTalk, bool afterMarker)
    {
        bool paused = packet.Arrival - lastArrival > PauseBeforeRun;
        bool provedWrong = delay - envelope.DelayAt(packet.Arrival) > LaterThanJitter
            && packet.Arrival - lastNearArrival > LongestMisjudgement;
        bool steppedBack = delay - lastDelay > StepBack || provedWrong;
        bool stepped = delay - lastDelay < -StepForward || (steppedBack && !paused); // behind a pause a late packet may be a stall
        if (!stepped && !paused && !(afterMarker && beginsTalk)) return;
        bool mayHaveStopped = stepped || (afterMarker && !ClockRan(in packet));
        BeginGathering(mayHaveStopped ? TimelineState.GatheringAnchor : TimelineState.Gathering, packet.Sequence, packet.Arrival, delay);
    }

    // A clock that stands still in a pause goes on by one frame.
    private bool ClockRan(in Packet packet) => packet.Timestamp - lastTimestamp > (packet.Arrival - lastArrival) / 2;

    // The best of the packets gathered is where jitter explains it, or a busy sender whose clock has no reason to have stopped.
    private bool Keeps(double known)
    {
        double late = State == TimelineState.Gathering ? LaterThanJitter
            : Math.Clamp(JitterPerSpread * envelope.Spread, LeastJitter, LaterThanJitter);
        return gatherLeastDelay <= known + late && gatherLeastDelay >= known - EarlierThanPossible;
    }

    private void BeginGathering(TimelineState state, long sequence, double arrival, double delay)
    {
        State = state;
        decidedFrom = sequence;
        gatherStart = arrival;
        (gatherFirstDelay, gatherLeastDelay) = (delay, delay);
        (gatherDelaySum, gatherCount) = (0, 0);
    }

    private void Gather(double delay)
    {
        gatherLeastDelay = Math.Min(gatherLeastDelay, delay);
        gatherDelaySum += delay;
        gatherCount++;
    }
}

/// <summary>What a <see cref="Timeline"/> is about.</summary>
internal enum TimelineState
{
    /// <summary>Every packet goes into the envelope.</summary>
    Following = 0,

    /// <summary>The first packets of a run are looked at together before any is placed. Late ones are a stall, or a busy sender.</summary>
    Gathering = 1,

    /// <summary>The same where the sender's clock may have stood still or stepped, or is new: their arrival is believed.</summary>
    GatheringAnchor = 2,

    /// <summary>The run goes on where the one before was.</summary>
    Kept = 3,

    /// <summary>Nothing was known of this source before.</summary>
    Anchored = 4,

    /// <summary>The sender's clock has stopped or stepped: the run has an offset of its own.</summary>
    Reanchored = 5,
}
