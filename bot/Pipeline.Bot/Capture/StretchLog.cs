using System.Collections.Immutable;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>Stretches of a recording of which one thing is true. Written by the tick's thread, read by any.</summary>
internal sealed class StretchLog
{
    /// <summary>Beyond it the last one is prolonged: too much is marked rather than too little.</summary>
    private const int Capacity = 1000;

    private const long NotRunning = long.MinValue;

    private ImmutableArray<SampleStretch> ended = [];
    private long runningSince = NotRunning;

    public void Begin(long sample)
    {
        if (runningSince != NotRunning) return;
        if (ended.Length == Capacity)
        {
            sample = ended[^1].StartSample;
            ended = ended.RemoveAt(Capacity - 1);
        }
        Volatile.Write(ref runningSince, sample);
    }

    public void End(long sample)
    {
        if (runningSince == NotRunning) return;
        if (sample > runningSince) ended = ended.Add(new SampleStretch(runningSince, sample - runningSince));
        Volatile.Write(ref runningSince, NotRunning);
    }

    /// <summary>All of them, the running one up to now.</summary>
    public ImmutableArray<SampleStretch> Read(long now)
    {
        long since = Volatile.Read(ref runningSince);
        ImmutableArray<SampleStretch> past = ended;
        return since == NotRunning || now <= since || past.Any(one => one.StartSample == since) ? past
            : past.Add(new SampleStretch(since, now - since));
    }
}
