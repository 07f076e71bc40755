namespace Pipeline.Bot.Capture;

/// <summary>
/// Where one user's RTP time lies in the recording: position = timestamp + <see cref="Offset"/>, in samples at 48 kHz.
/// The offset comes from the lower envelope of arrival. It is set again only where a run of talk begins and the old one
/// cannot be right (new source, a clock that stopped in a pause); within talk it moves by single samples, at most
/// one in 20 ms (1042 ppm), which follows a clock off by 500 ppm and cannot be heard.
/// </summary>
internal sealed class Timeline
{
    private const double Millisecond = 48;
    /// <summary>Samples without a packet, behind which a run begins.</summary>
    public const double PauseBeforeRun = 150 * Millisecond;
    private const double EarlierThanPossible = 100 * Millisecond;
    private const double StepBack = 1000 * Millisecond;
    private const double StepForward = 300 * Millisecond;
    private const double AheadOfArrival = 1000 * Millisecond;
    private const double LaterThanJitter = 250 * Millisecond;
    private const double LongestMisjudgement = 1000 * Millisecond;
    private const double BurstDepth = 60 * Millisecond;
    private const double LeastDoubt = 400 * Millisecond;
    private const int SamplesPerSlip = 960;

    private LowerEnvelope envelope;
    private long lastTimestamp; // unwrapped
    private double lastArrival;
    private double lastDelay;
    private double lastNearArrival; // of the last packet that jitter can explain
    private bool started;
    private bool correcting;
    private int samplesSinceSlip;
    private double wantedBefore; // the decision

    // Gathering: the first packets of a run are looked at together before any is placed.
    private double gatherStart;
    private double gatherFirstDelay;
    private double gatherLeastDelay;
    private double gatherDelaySum;
    private int gatherCount;
    private bool gatherTrustsArrival; // what came before was a spoken end, or an old offset proved wrong

    /// <summary>Samples to add to an unwrapped timestamp.</summary>
    public long Offset { get; private set; }

    /// <summary>Packets are being collected and must not be placed before <see cref="Decide"/>.</summary>
    public bool IsGathering { get; private set; }

    /// <summary>A decision is made that packets from <see cref="DecidedFrom"/> on have to take over by <see cref="Realign"/>.</summary>
    public bool HasDecision { get; private set; }

    /// <summary>Sequence number of the packet with which gathering began; those before it belong to the run before.</summary>
    public long DecidedFrom { get; private set; }

    /// <summary>The decision moves time within one source.</summary>
    public bool IsReanchored { get; private set; }

    /// <summary>What the offset should be by all packets so far; a new anchor counts from <see cref="Realign"/> on.</summary>
    public long WantedOffset => (long)Math.Round(Wanted);

    /// <summary>RTP time without wraps.</summary>
    public long Unwrap(uint timestamp) => started ? lastTimestamp + (int)(timestamp - (uint)lastTimestamp) : timestamp;

    /// <summary>A new RTP source, or a new base of the same: nothing known holds any more.</summary>
    public void BeginEpoch(uint timestamp, double arrival)
    {
        started = true;
        lastTimestamp = timestamp;
        (lastArrival, lastNearArrival) = (arrival, arrival);
        BeginGathering(long.MinValue, arrival, arrival - timestamp, trustsArrival: true);
        envelope.Reset(double.NegativeInfinity, arrival, spread: 0); // no old delay can be kept
    }

    /// <summary>Begins to gather when a packet that is about to be observed is the first of a run.</summary>
    /// <param name="beginsTalk">It is no silence marker, and no late packet of the talk before either.</param>
    /// <param name="afterMarker">The one before it was a silence marker: talk had ended, and a sender's clock may have stood still since.</param>
    public void LookForRun(long sequence, long timestamp, double arrival, bool beginsTalk, bool afterMarker)
    {
        if (IsGathering || HasDecision) return;
        double delay = arrival - timestamp;
        bool paused = arrival - lastArrival > PauseBeforeRun;
        bool provedWrong = delay - envelope.DelayAt(arrival) > LaterThanJitter && arrival - lastNearArrival > LongestMisjudgement;
        bool steppedBack = delay - lastDelay > StepBack || provedWrong;
        bool stepped = delay - lastDelay < -StepForward || (steppedBack && !paused); // behind a pause a late packet may be a stall
        if (stepped || paused || (afterMarker && beginsTalk)) BeginGathering(sequence, arrival, delay, trustsArrival: afterMarker || stepped);
    }

    /// <summary>Takes a packet in order of arrival, whether or not it is placed later.</summary>
    public void Observe(long timestamp, double arrival)
    {
        double delay = arrival - timestamp;
        if (IsGathering) Gather(delay);
        else envelope.Observe(delay, arrival);
        if (IsGathering || delay - envelope.Delay < LaterThanJitter) lastNearArrival = arrival;
        lastTimestamp = Math.Max(lastTimestamp, timestamp);
        (lastArrival, lastDelay) = (Math.Max(lastArrival, arrival), delay);
    }

    /// <summary>Samples for which packets are gathered at most.</summary>
    public static double LongestGathering(double window) => Math.Max(4 * window, LeastDoubt);

    /// <summary>
    /// Enough has been gathered: a window's worth, or four where it looks as if the offset had to be set again, because a
    /// few late packets in a row look the same.
    /// </summary>
    public bool HasGathered(double arrival, double window)
    {
        double gathered = arrival - gatherStart;
        return gathered >= window && (Keeps(envelope.DelayAt(gatherStart)) || double.IsNegativeInfinity(envelope.Delay) || gathered >= LongestGathering(window));
    }

    /// <summary>Ends gathering: keeps the offset where jitter or a stall explains what came, else anchors again to the best packet.</summary>
    /// <param name="overflowed">More came than fits, faster than anybody speaks: a stall has broken.</param>
    public void Decide(bool overflowed)
    {
        double known = envelope.DelayAt(gatherStart);
        double spread = (gatherDelaySum / Math.Max(1, gatherCount)) - gatherLeastDelay;
        bool stalled = !gatherTrustsArrival && (overflowed || gatherFirstDelay - gatherLeastDelay >= BurstDepth);
        bool keep = Keeps(known);
        IsReanchored = !keep && !stalled && !double.IsNegativeInfinity(known);
        wantedBefore = envelope.Delay;
        if (keep || stalled) envelope.Observe(Math.Min(gatherLeastDelay, known), gatherStart);
        else envelope.Reset(gatherLeastDelay, gatherStart, spread);
        IsGathering = false;
        HasDecision = true;
    }

    /// <summary>Takes a decision over: from here on packets lie where the envelope says.</summary>
    public void Realign()
    {
        HasDecision = false;
        IsReanchored = false;
        Offset = WantedOffset;
        correcting = false;
    }

    /// <summary>Leaves the offset where it is; slips will follow what was learnt.</summary>
    public void Keep() => HasDecision = false;

    /// <summary>
    /// A sender whose clock runs away from ours cannot take its track into the future: a packet that would lie over a
    /// second after its own arrival is anchored to it.
    /// </summary>
    /// <returns>True when that was so.</returns>
    public bool Restrain(long timestamp, double arrival)
    {
        if (timestamp + Offset <= arrival + AheadOfArrival) return false;
        envelope.Reset(arrival - timestamp, arrival, spread: 0);
        Realign();
        return true;
    }

    /// <summary>Moves the offset by as much as somebody else moved what is placed.</summary>
    public void Shift(long samples) => Offset += samples;

    /// <summary>
    /// The correction that a frame of talk has to carry: one sample more (1), one less (-1), mostly none.
    /// The offset is moved with it.
    /// </summary>
    public int TakeSlip(int frameSamples)
    {
        double error = Wanted - Offset;
        if (!correcting && Math.Abs(error) <= Tolerance) return 0;
        correcting = Math.Abs(error) >= 1;
        samplesSinceSlip = Math.Min(samplesSinceSlip + frameSamples, 2 * SamplesPerSlip);
        if (!correcting || samplesSinceSlip < SamplesPerSlip) return 0;
        samplesSinceSlip -= SamplesPerSlip;
        int slip = Math.Sign(error);
        Offset += slip;
        return slip;
    }

    /// <summary>The correction that a silent frame can carry, at most half its length either way. The offset is moved with it.</summary>
    public int TakeSilentCorrection(int frameSamples)
    {
        double error = Wanted - Offset;
        if (!correcting && Math.Abs(error) <= Tolerance) return 0;
        correcting = false;
        int correction = (int)Math.Clamp(error, -frameSamples / 2, frameSamples / 2);
        Offset += correction;
        return correction;
    }

    private double Wanted => HasDecision && IsReanchored ? wantedBefore : envelope.Delay;

    // 2 ms; up to 5 ms where jitter makes the envelope itself uncertain.
    private double Tolerance => Math.Clamp(envelope.Spread * 0.05, 2 * Millisecond, 5 * Millisecond);

    // The best of the packets gathered is where jitter explains it.
    private bool Keeps(double known)
    {
        double jitter = Math.Clamp(2.5 * envelope.Spread, 10 * Millisecond, LaterThanJitter);
        return gatherLeastDelay <= known + jitter && gatherLeastDelay >= known - EarlierThanPossible;
    }

    private void BeginGathering(long sequence, double arrival, double delay, bool trustsArrival)
    {
        IsGathering = true;
        DecidedFrom = sequence;
        gatherStart = arrival;
        gatherFirstDelay = delay;
        gatherLeastDelay = delay;
        (gatherDelaySum, gatherCount) = (0, 0);
        gatherTrustsArrival = trustsArrival;
    }

    private void Gather(double delay)
    {
        gatherLeastDelay = Math.Min(gatherLeastDelay, delay);
        gatherDelaySum += delay;
        gatherCount++;
    }
}
