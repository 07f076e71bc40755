using System.CommandLine;
using System.Globalization;

namespace Pipeline.Demo.Load;

/// <summary>How long and how many. The defaults are the load that the product is held to.</summary>
internal sealed record LoadOptions
{
    private const string Both = "both";

    public TimeSpan CallLength { get; private init; }
    public TimeSpan CrowdLength { get; private init; }
    public int Speakers { get; private init; }
    public int Crowd { get; private init; }
    public int Speed { get; private init; }

    /// <summary>What the bot writes, one round of calls each: wav, opus or both.</summary>
    public IReadOnlyList<string> Formats { get; private init; } = [];

    /// <summary>Files are made too, and compared with ffmpeg's unless that is left out.</summary>
    public bool Files { get; private init; }

    /// <summary>Silence of each person between two sentences; zero: nobody pauses.</summary>
    public TimeSpan Pause { get; private init; }

    public bool Ffmpeg { get; private init; }

    public static Command Command(Func<LoadOptions, Task<int>> run)
    {
        Option<double> hours = RunArguments.Number("--hours", "Length of the call; a recording may take seven days", 3, 0.01, 160);
        Option<double> crowdMinutes = RunArguments.Number("--crowd-minutes", "Length of the call with many speakers; 0 leaves it out",
            10.0, 0, 720);
        Option<int> speakers = RunArguments.Number("--speakers", "People in the call", 4, 1, 99);
        Option<int> crowd = RunArguments.Number("--crowd", "People in the call with many speakers", 25, 1, 99);
        Option<int> speed = RunArguments.Number("--speed", "Times real time at most", 500, 1, 500);
        Option<bool> files = new("--files") { Description = "Make the files too, while the call goes on, and measure them beside ffmpeg" };
        Option<double> pause = RunArguments.Number("--pause", "Seconds of silence between two repetitions of what a person says; "
            + "people begin spread over it", 0.0, 0, 3600);
        Option<bool> withoutFfmpeg = new("--no-ffmpeg") { Description = "Leave out ffmpeg, which takes long for many tracks" };
        Option<string> format = new("--format")
        {
            Description = "What the segments are: wav, opus, or both, one round each with what an hour of it asks of the storage",
            DefaultValueFactory = _ => "wav",
        };
        format.AcceptOnlyFromAmong("wav", "opus", Both);
        Command command = new("load", "Three hours, four speakers, as fast as the machine allows; then many speakers at once. "
            + Interruption.ExitCodes)
        {
            hours, crowdMinutes, speakers, crowd, speed, files, pause, withoutFfmpeg, format,
        };
        command.Validators.Add(given =>
        {
            if (given.GetValue(files) && given.GetValue(format) is not (null or "wav"))
                given.AddError("--files compares with ffmpeg, which gets WAV segments; leave --format out");
            if (given.GetValue(withoutFfmpeg) && !given.GetValue(files))
                given.AddError("--no-ffmpeg says something of --files, which is not given");
        });
        command.SetAction((parsed, _) => run(new LoadOptions
        {
            CallLength = TimeSpan.FromHours(parsed.GetValue(hours)),
            CrowdLength = TimeSpan.FromMinutes(parsed.GetValue(crowdMinutes)),
            Speakers = parsed.GetValue(speakers),
            Crowd = parsed.GetValue(crowd),
            Speed = parsed.GetValue(speed),
            Files = parsed.GetValue(files),
            Pause = TimeSpan.FromSeconds(parsed.GetValue(pause)),
            Ffmpeg = !parsed.GetValue(withoutFfmpeg),
            Formats = parsed.GetValue(format) is var one and not Both ? [one!] : ["wav", "opus"],
        }));
        return command;
    }

    public static string Text(TimeSpan span) => span.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture) + "ms";
}
