using System.Globalization;
using Spectre.Console;

namespace Pipeline.Bot.Replay;

/// <summary>
/// Shows how a replay goes: one line that is rewritten on a terminal, otherwise a line at every 10 % and at least every 10 s.
/// </summary>
internal sealed class ReplayProgress(IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    private readonly bool terminal = console.Profile.Out.IsTerminal;
    private long shownAt;
    private int shownTenth = -1;

    public void Show(ReplayState state)
    {
        bool first = shownTenth < 0;
        TimeSpan since = first ? TimeSpan.MaxValue : time.GetElapsedTime(shownAt);
        bool due = terminal ? since >= TerminalInterval : first || state.Percent / 10 > shownTenth || since >= LineInterval;
        if (!due) return;
        (shownAt, shownTenth) = (time.GetTimestamp(), state.Percent / 10);
        if (terminal) console.Write(new ControlCode($"\r\u001b[2K{Line(state)}"));
        else console.Profile.Out.Writer.WriteLine(Line(state));
    }

    /// <summary>A line of its own, below what is shown.</summary>
    public void Tell(string line)
    {
        if (terminal) console.WriteLine();
        console.Profile.Out.Writer.WriteLine(line);
        console.Profile.Out.Writer.Flush();
    }

    // A replay may be of a week.
    private static string Clock(TimeSpan length) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)length.TotalHours:D2}:{length.Minutes:D2}:{length.Seconds:D2}");

    private static string Line(ReplayState state) => string.Create(CultureInfo.InvariantCulture,
        $"{state.Percent,3} %  {Clock(state.Position)} of {Clock(state.Length)}  speakers {state.Speakers}  segments "
            + $"{state.Closed} closed {state.Uploaded} uploaded{(state.Moved is { } moved ? $" {moved} moved" : "")}  spool "
            + $"{state.Spool.Files} files {state.Spool.Bytes >> 20} MB  memory {state.Memory.Resident >> 20} MB (heap "
            + $"{state.Memory.ManagedHeap >> 20}, native {state.Memory.Native >> 20})");
}
