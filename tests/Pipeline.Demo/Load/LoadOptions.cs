using System.CommandLine;
using System.Globalization;

namespace Pipeline.Demo.Load;

/// <summary>How long and how many. The defaults are the load that the product is held to.</summary>
internal sealed record LoadOptions
{
    public TimeSpan CallLength { get; private init; } = TimeSpan.FromHours(3);
    public TimeSpan CrowdLength { get; private init; } = TimeSpan.FromMinutes(10);
    public int Speakers { get; private init; } = 4;
    public int Crowd { get; private init; } = 25;
    public int Speed { get; private init; } = 500;

    /// <summary>Files are made too, and compared with ffmpeg's.</summary>
    public bool Files { get; private init; }

    /// <returns>Null after a message about what is wrong.</returns>
    public static LoadOptions? Parse(string[] args)
    {
        Option<double> hours = new("--hours") { DefaultValueFactory = _ => 3, Description = "Length of the call" };
        Option<double> crowdMinutes = new("--crowd-minutes")
        {
            DefaultValueFactory = _ =>
            10,
            Description = "Length of the call with many speakers; 0 leaves it out"
        };
        Option<int> speakers = new("--speakers") { DefaultValueFactory = _ => 4 };
        Option<int> crowd = new("--crowd") { DefaultValueFactory = _ => 25 };
        Option<int> speed = new("--speed") { DefaultValueFactory = _ => 500, Description = "Times real time at most" };
        Option<bool> files = new("--files") { Description = "Make the files too, while the call goes on, and measure them beside ffmpeg" };
        RootCommand command = new("Three hours, four speakers, as fast as the machine allows; then many speakers at once") { hours,
            crowdMinutes, speakers, crowd, speed, files };
        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            Console.Error.WriteLine($"load: {string.Join("; ", parsed.Errors.Select(error => error.Message))}");
            return null;
        }
        return new LoadOptions
        {
            CallLength = TimeSpan.FromHours(parsed.GetValue(hours)),
            CrowdLength = TimeSpan.FromMinutes(parsed.GetValue(crowdMinutes)),
            Speakers = parsed.GetValue(speakers),
            Crowd = parsed.GetValue(crowd),
            Speed = parsed.GetValue(speed),
            Files = parsed.GetValue(files),
        };
    }

    public static string Text(TimeSpan span) => span.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture) + "ms";
}
