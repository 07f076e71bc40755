namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// Whether the end-to-end layer's answers have reached the gateway. A connection that breaks takes with it what was sent last, and the
/// gateway replays its own messages only: after a resume, what is not proven to have arrived has to be said again. A heartbeat's answer
/// proves it for all that was sent before that heartbeat. Control loop only.
/// </summary>
internal sealed class AnswerWatch(TimeProvider time)
{
    // What the gateway replays comes in one go behind op 9; it may show that an answer has arrived, or ask for another one.
    private static readonly TimeSpan Replay = TimeSpan.FromMilliseconds(250);

    private const int MaxBeats = 16; // a connection with two unanswered ones is dead; a server that asks for more proves nothing by it

    private readonly Queue<long> beats = []; // how much was said before each heartbeat that is not answered yet
    private long said;
    private long proven;

    /// <summary>When <see cref="TakeIfDue"/> is to be asked.</summary>
    public Alarm Alarm { get; } = new(time);

    /// <summary>An answer goes out, or would if there were a connection.</summary>
    public void Said() => said++;

    /// <summary>A heartbeat goes out.</summary>
    public void BeatSent()
    {
        if (beats.Count < MaxBeats) beats.Enqueue(said);
    }

    public void BeatAnswered()
    {
        if (beats.TryDequeue(out long before)) proven = Math.Max(proven, before);
    }

    /// <summary>The connection is gone, with the answers to its heartbeats.</summary>
    public void LinkDropped()
    {
        beats.Clear();
        Alarm.Clear();
    }

    /// <summary>Another connection goes on with the session.</summary>
    public void Resumed()
    {
        if (said > proven) Alarm.Set(Replay);
    }

    /// <summary>True when what is in doubt is to be said again, now; it counts again then.</summary>
    public bool TakeIfDue()
    {
        if (!Alarm.TakeIfDue()) return false;
        proven = said;
        return true;
    }
}
