namespace Pipeline.DiscordSimulator.Faults;

/// <summary>A fault that was added; disposing ends a standing one or cancels one that has not happened yet.</summary>
public sealed class FaultHandle : IDisposable
{
    private readonly FaultBoard board;

    internal FaultHandle(FaultBoard board, Fault fault)
    {
        this.board = board;
        Fault = fault;
        Left = fault.Times;
    }

    /// <summary>What was added.</summary>
    public Fault Fault { get; }

    /// <summary>How often it acted.</summary>
    public int Used { get; internal set; }

    internal int Left { get; set; }

    /// <summary>Ends it.</summary>
    public void Dispose() => board.Remove(this);
}
