namespace Pipeline.Discord.Gateway;

/// <summary>
/// Beats for one connection: the first after a random part of the interval, then every interval. When a beat is due and the one
/// before was not answered, the connection is a zombie (Discord: Heartbeat Interval, Heartbeat ACK).
/// </summary>
internal sealed class GatewayHeartbeat(GatewayConnection connection, Func<long?> sequence, TimeProvider time)
{
    private int unanswered;
    private long sentAt;
    private long latencyTicks;

    /// <summary>From beat to answer; null before the first.</summary>
    public TimeSpan? Latency => Volatile.Read(ref latencyTicks) is > 0 and long ticks ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>Runs until cancelled, or returns when the connection is a zombie.</summary>
    /// <exception cref="TimeoutException">The beat itself could not be sent within an interval.</exception>
    /// <param name="firstPart">Which part of the interval passes before the first beat, 0 to 1.</param>
    public async Task RunAsync(TimeSpan interval, double firstPart, CancellationToken cancellationToken)
    {
        await Task.Delay(interval * firstPart, time, cancellationToken);
        while (Interlocked.Exchange(ref unanswered, 1) == 0)
        {
            Volatile.Write(ref sentAt, time.GetTimestamp());
            await connection.SendHeartbeatAsync(sequence(), cancellationToken).WaitAsync(interval, time, cancellationToken);
            await Task.Delay(interval, time, cancellationToken);
        }
    }

    /// <summary>Op 1 from the server: answered at once.</summary>
    public Task AnswerAsync(CancellationToken cancellationToken) => connection.SendHeartbeatAsync(sequence(), cancellationToken);

    /// <summary>Op 11.</summary>
    public void OnAcknowledged()
    {
        Volatile.Write(ref latencyTicks, Math.Max(1, time.GetElapsedTime(Volatile.Read(ref sentAt)).Ticks));
        Volatile.Write(ref unanswered, 0);
    }
}
