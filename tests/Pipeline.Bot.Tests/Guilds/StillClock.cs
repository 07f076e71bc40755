namespace Pipeline.Bot.Tests.Guilds;

/// <summary>It is the same moment all the time; timers run as ever.</summary>
internal sealed class StillClock : TimeProvider
{
    public static DateTimeOffset Now { get; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
