using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Engine;

/// <summary>What both gateways' connections have in common: logged sends, closing and cutting, and a watch over heartbeats.</summary>
/// <param name="world">Owner of loop and log.</param>
/// <param name="socket">The web socket.</param>
/// <param name="channel">Name in the log.</param>
/// <param name="heartbeatInterval">What the client was told.</param>
/// <param name="missedHeartbeats">After so many intervals of silence the connection is closed with 4009.</param>
internal abstract class ServerConnection(
    SimulatedWorld world, JsonSocket socket, string channel, TimeSpan heartbeatInterval, int missedHeartbeats)
{
    private TimeSpan lastHeartbeat;
    private ScheduledAction? watch;

    /// <summary>Name of the client in the log.</summary>
    protected abstract string Who { get; }

    /// <summary>Logs and sends.</summary>
    public void SendText(string text)
    {
        world.Log.ToClient(channel, Who, text);
        socket.SendText(text);
    }

    /// <summary>Closes with a code; the session learns that its connection is gone.</summary>
    public void Close(int code, string reason)
    {
        world.Log.Event(channel, $"close {code} {reason} to {Who}");
        socket.Close(code, reason);
        Release();
    }

    /// <summary>Cuts the connection without a close frame.</summary>
    public void Abort()
    {
        world.Log.Event(channel, $"connection of {Who} is cut");
        socket.Abort();
        Release();
    }

    /// <summary>The client closed with <paramref name="code"/>, or the connection broke (-1).</summary>
    public void Ended(int code)
    {
        world.Log.Event(channel, $"connection of {Who} ended with {code}");
        // A close with 1000 or 1001 ends the session; anything else leaves it resumable.
        if (code is 1000 or 1001)
            Finish($"closed with {code}");
        Release();
    }

    /// <summary>Forgets the session, which stays.</summary>
    protected abstract void Detach();

    /// <summary>Ends the session, if there is one.</summary>
    protected abstract void Finish(string reason);

    /// <summary>Logs and sends bytes.</summary>
    protected void SendBinary(byte[] bytes, string description)
    {
        world.Log.ToClient(channel, Who, description);
        socket.SendBinary(bytes);
    }

    /// <summary>Logs what the client sent.</summary>
    protected void Log(string message) => world.Log.FromClient(channel, Who, message);

    /// <summary>A heartbeat came.</summary>
    protected void Beat() => lastHeartbeat = world.Loop.Elapsed;

    /// <summary>Begins to expect heartbeats.</summary>
    protected void Watch()
    {
        Beat();
        watch = world.Loop.Schedule(heartbeatInterval, LookAgain);
    }

    private void LookAgain()
    {
        if (world.Loop.Elapsed - lastHeartbeat > heartbeatInterval * missedHeartbeats)
            Close(4009, "Session timed out.");
        else
            watch = world.Loop.Schedule(heartbeatInterval, LookAgain);
    }

    private void Release()
    {
        watch?.Cancel();
        Detach();
    }
}
