using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>
/// Something that goes wrong at Discord's side. One object per kind, so that a test reads as a sentence:
/// <c>discord.Faults.Add(new CloseVoice(4015) { After = TimeSpan.FromSeconds(2) });</c>
/// An event happens once; a standing fault stays until its handle is disposed or it was used <see cref="Times"/> times.
/// </summary>
public abstract record Fault
{
    /// <summary>Virtual time to wait first.</summary>
    public TimeSpan After { get; init; }

    /// <summary>For standing faults: how often it acts; the default is without end.</summary>
    public int Times { get; init; } = int.MaxValue;

    /// <summary>The account that it hits; null hits everybody.</summary>
    public ulong? UserId { get; init; }

    internal virtual bool Stands => true;

    internal virtual void Happen(SimulatedWorld world)
    {
    }
}
