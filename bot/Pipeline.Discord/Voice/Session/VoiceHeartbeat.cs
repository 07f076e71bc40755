namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// Counts beats and answers. Two beats without an answer mean a dead connection (Discord: Voice Connections, Heartbeating).
/// </summary>
internal sealed class VoiceHeartbeat(TimeProvider time)
{
    private const int ToleratedSilence = 2;

    private TimeSpan interval;
    private int unanswered;

    public Alarm Alarm { get; } = new(time);

    public bool IsDead => unanswered >= ToleratedSilence;

    public void Start(TimeSpan every)
    {
        interval = every;
        unanswered = 0;
        Alarm.Set(interval);
    }

    public void Stop() => Alarm.Clear();

    public void Sent()
    {
        unanswered++;
        Alarm.Set(interval);
    }

    public void Answered() => unanswered = 0;
}
