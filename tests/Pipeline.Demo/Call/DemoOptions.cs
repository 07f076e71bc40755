using System.CommandLine;

namespace Pipeline.Demo.Call;

/// <summary>What the demo's command line says.</summary>
internal sealed record DemoOptions(bool Plain, bool Identity, bool Keep, TimeSpan Jitter, int Talks)
{
    public const double Loss = 0.02;

    // Of a shorter talk no sentence is there by more than a few lost packets.
    private const int MostTalks = 6;

    public static readonly TimeSpan UsualJitter = TimeSpan.FromMilliseconds(20);

    public static Command Command(Func<DemoOptions, Task<int>> run)
    {
        Option<bool> plain = new("--plain") { Description = "A call without end-to-end encryption" };
        Option<bool> identity = new("--identity") { Description = "Storage over HTTPS with tokens instead of keys" };
        Option<bool> keep = new("--keep") { Description = "Leave everything running until Ctrl+C, and print links to it" };
        Option<int> jitter = RunArguments.Number("--jitter", "Milliseconds by which the network delays packets",
            (int)UsualJitter.TotalMilliseconds, 0, 200, "ms");
        Option<int> talks = RunArguments.Number("--talks", "Everybody talks so many times, with pauses of 2 to 6 seconds between",
            1, 1, MostTalks);
        Command command = new("demo",
            "A recorded call on this machine, from /record start to the verified recording. " + Interruption.ExitCodes)
        {
            plain, identity, keep, jitter, talks,
        };
        command.SetAction((parsed, _) => run(new DemoOptions(parsed.GetValue(plain), parsed.GetValue(identity), parsed.GetValue(keep),
            TimeSpan.FromMilliseconds(parsed.GetValue(jitter)), parsed.GetValue(talks))));
        return command;
    }
}
