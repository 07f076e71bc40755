using System.CommandLine;

namespace Pipeline.Demo.Crowd;

/// <summary>What the command line of the crowded call says.</summary>
internal sealed record CrowdOptions(int Speakers, TimeSpan Length)
{
    public static Command Command(Func<CrowdOptions, Task<int>> run)
    {
        Option<int> speakers = RunArguments.Number("--speakers", "People who talk at once", 25, 1, 99);
        Option<double> minutes = RunArguments.Number("--minutes", "Length of the call in real time", 10, 0.2, 720);
        Command command = new("crowd", "A crowded call in real time: nothing is lost but what the network lost, and memory stays flat. "
            + Interruption.ExitCodes)
        {
            speakers, minutes,
        };
        command.SetAction((parsed, _) => run(new CrowdOptions(parsed.GetValue(speakers),
            TimeSpan.FromMinutes(parsed.GetValue(minutes)))));
        return command;
    }
}
