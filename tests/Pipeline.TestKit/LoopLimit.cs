namespace Pipeline.TestKit;

/// <summary>
/// What a loop of a test asks at each turn. Without it a test waits for ever where the product is broken, and says nothing.
/// </summary>
/// <param name="awaited">What ends the loop, as a sentence that was not true in time.</param>
/// <param name="patience">A minute unless told.</param>
public sealed class LoopLimit(string awaited, TimeSpan? patience = null)
{
    private readonly long began = TimeProvider.System.GetTimestamp();
    private readonly TimeSpan patience = patience ?? TimeSpan.FromMinutes(1);

    /// <summary>How often it was asked.</summary>
    public int Turns { get; private set; }

    /// <summary>Throws when time is up.</summary>
    /// <exception cref="TimeoutException">Names what did not happen.</exception>
    public void Turn()
    {
        Turns++;
        if (TimeProvider.System.GetElapsedTime(began) > patience)
            throw new TimeoutException($"not in {patience.TotalSeconds:0} s and {Turns} turns: {awaited}");
    }
}
