using System.CommandLine;

namespace Pipeline.Demo.Crowd;

/// <summary>What the command line of the crowded call says.</summary>
internal sealed record CrowdOptions(int Speakers, TimeSpan Length)
{
    /// <returns>Null after a message about what is wrong.</returns>
    public static CrowdOptions? Parse(string[] args)
    {
        Option<int> speakers = new("--speakers") { Description = "People who talk at once", DefaultValueFactory = _ => 25 };
        Option<double> minutes = new("--minutes") { Description = "Length of the call in real time", DefaultValueFactory = _ => 10 };
        RootCommand command = new(
            "A crowded call in real time: nothing is lost but what the network lost, and memory stays flat") { speakers, minutes };
        ParseResult parsed = command.Parse(args);
        string[] wrong = [.. parsed.Errors.Select(error => error.Message)];
        if (wrong.Length == 0 && parsed.GetValue(speakers) is < 1 or > 99)
            wrong = [$"--speakers {parsed.GetValue(speakers)} is not between 1 and 99"];
        if (wrong.Length == 0 && parsed.GetValue(minutes) is not (>= 0.2 and <= 720))
            wrong = [$"--minutes {parsed.GetValue(minutes)} is not between 0.2 and 720"];
        if (wrong.Length == 0) return new CrowdOptions(parsed.GetValue(speakers), TimeSpan.FromMinutes(parsed.GetValue(minutes)));
        Console.Error.WriteLine($"crowd: {string.Join("; ", wrong)}");
        return null;
    }
}
