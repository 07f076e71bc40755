namespace Pipeline.Functions.Tests.Rig;

/// <summary>The real clock with another date: timers run as ever.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
}
