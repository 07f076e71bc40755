using System.Collections.Concurrent;
using System.Globalization;

namespace Pipeline.DiscordSimulator.Engine;

/// <summary>
/// Every message that crossed the simulator's border, one line each, made for grep:
/// <c>12.345 voice &lt; Recorder {"op":3,…}</c>. <c>&lt;</c> came from the client, <c>&gt;</c> went to it,
/// <c>!</c> is something that the simulator did by itself (a fault, a rule that refused).
/// </summary>
/// <param name="elapsed">Virtual time since the start.</param>
/// <param name="capacity">Lines kept in memory; older ones are forgotten.</param>
/// <param name="writer">Also written here when present. The caller disposes it.</param>
public sealed class SimulatorLog(Func<TimeSpan> elapsed, int capacity, TextWriter? writer)
{
    private readonly ConcurrentQueue<string> lines = new();
    private readonly TextWriter? output = writer is null ? null : TextWriter.Synchronized(writer);

    /// <summary>The lines kept, oldest first.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    /// <summary>The lines that contain a text.</summary>
    public IReadOnlyList<string> Containing(string text) =>
        [.. lines.Where(line => line.Contains(text, StringComparison.Ordinal))];

    internal void FromClient(string channel, string who, string message) => Write(channel, '<', who, message);

    internal void ToClient(string channel, string who, string message) => Write(channel, '>', who, message);

    internal void Event(string channel, string message) => Write(channel, '!', string.Empty, message);

    private void Write(string channel, char direction, string who, string message)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture, $"{elapsed().TotalSeconds,9:F3} {channel} {direction} {who} {message}");
        lines.Enqueue(line);
        while (lines.Count > capacity)
            lines.TryDequeue(out _);
        output?.WriteLine(line);
    }
}
