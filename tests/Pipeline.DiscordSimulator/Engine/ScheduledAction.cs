namespace Pipeline.DiscordSimulator.Engine;

/// <summary>An action that the loop runs at a moment of virtual time unless it is cancelled before.</summary>
/// <param name="due">Timestamp of the time provider.</param>
/// <param name="action">Runs on the loop's thread.</param>
public sealed class ScheduledAction(long due, Action action)
{
    /// <summary>Timestamp of the time provider at which it runs.</summary>
    public long Due { get; } = due;

    /// <summary>True after <see cref="Cancel"/>.</summary>
    public bool IsCancelled { get; private set; }

    internal Action Action { get; } = action;

    /// <summary>The action does not run any more. Without effect when it has run.</summary>
    public void Cancel() => IsCancelled = true;
}
