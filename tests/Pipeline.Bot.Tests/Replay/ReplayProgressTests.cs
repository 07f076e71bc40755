using System.Text;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Spool;
using Spectre.Console;

namespace Pipeline.Bot.Tests.Replay;

/// <summary>When a line about a replay is written, and how.</summary>
public sealed class ReplayProgressTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Output_that_is_no_terminal_gets_a_line_at_every_tenth_and_every_ten_seconds()
    {
        Output output = new(isTerminal: false);
        ReplayProgress progress = new(Console(output), time);
        Assert.Equal([0, 10, 25, 25, 30, 39],
            Shown(output, progress, (0, 0), (0, 9), (0, 10), (0, 19), (0, 25), (9.9, 25), (0.1, 25), (0, 29), (0, 30), (9.9, 39),
                (0.1, 39)));
        output.Text.Clear();
        progress.Show(State(100));
        Assert.Equal("100 %  00:01:40 of 00:01:40  speakers 1  segments 2 closed 3 uploaded  spool 6 files 5 MB  "
            + "memory 10 MB (heap 8, native 9)" + Environment.NewLine, output.Text.ToString());
        output.Text.Clear();
        TimeSpan week = TimeSpan.FromDays(7);
        new ReplayProgress(Console(output), time).Show(State(50) with { Position = week / 2, Length = week });
        Assert.StartsWith(" 50 %  84:00:00 of 168:00:00  speakers", output.Text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Terminal_gets_its_one_line_four_times_a_second()
    {
        Output output = new(isTerminal: true);
        ReplayProgress progress = new(Console(output), time);
        Assert.Equal([0, 30, 31], Shown(output, progress, (0, 0), (0.24, 20), (0.01, 30), (0.24, 31), (0.01, 31)));
        string all = output.Text.ToString();
        Assert.StartsWith("\r\u001b[2K", all, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', all);
        progress.Tell("over");
        Assert.EndsWith("\nover" + Environment.NewLine, output.Text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Word_in_between_is_a_line_alone_where_there_is_no_terminal()
    {
        Output output = new(isTerminal: false);
        new ReplayProgress(Console(output), time).Tell("over");
        Assert.Equal("over" + Environment.NewLine, output.Text.ToString());
    }

    private static IAnsiConsole Console(Output output) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Out = output });

    /// <summary>The percentages that were written, of looks so many seconds after each other.</summary>
    private int[] Shown(Output output, ReplayProgress progress, params (double After, int Percent)[] looks)
    {
        foreach ((double after, int percent) in looks)
        {
            time.Advance(TimeSpan.FromSeconds(after));
            progress.Show(State(percent));
        }
        return [.. output.Text.ToString().Split(["\r\u001b[2K", "\n"], StringSplitOptions.RemoveEmptyEntries)
            .Select(line => int.Parse(line.Split('%')[0], System.Globalization.CultureInfo.InvariantCulture))];
    }

    private static ReplayState State(int percent) => new(TimeSpan.FromSeconds(percent), TimeSpan.FromSeconds(100), percent, 1, 2, 3, null,
        new SpoolSnapshot(5 << 20, 6, 7, SpoolLevel.Ok), new MemorySample(percent, 8 << 20, 9 << 20, 10 << 20));

    private sealed class Output(bool isTerminal) : IAnsiConsoleOutput
    {
        public StringBuilder Text { get; } = new();
        public TextWriter Writer => field ??= new StringWriter(Text);
        public bool IsTerminal => isTerminal;
        public int Width => 400;
        public int Height => 25;

        public void SetEncoding(Encoding encoding)
        {
            // A string has none.
        }
    }
}
