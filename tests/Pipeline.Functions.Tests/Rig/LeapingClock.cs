namespace Pipeline.Functions.Tests.Rig;

/// <summary>Each look at the clock costs ten seconds.</summary>
internal sealed class LeapingClock : TimeProvider
{
    private long seconds;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Interlocked.Add(ref seconds, 10);
}
