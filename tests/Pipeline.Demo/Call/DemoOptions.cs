using System.CommandLine;
using System.CommandLine.Parsing;

namespace Pipeline.Demo.Call;

/// <summary>What the demo's command line says.</summary>
internal sealed record DemoOptions(bool Plain, bool Identity, bool Keep, TimeSpan Jitter, int Talks)
{
    public const double Loss = 0.02;
    public static readonly TimeSpan UsualJitter = TimeSpan.FromMilliseconds(20);

    /// <returns>Null after a message about what is wrong.</returns>
    public static DemoOptions? Parse(string[] args)
    {
        Option<bool> plain = new("--plain") { Description = "A call without end-to-end encryption" };
        Option<bool> identity = new("--identity") { Description = "Storage over HTTPS with tokens instead of keys" };
        Option<bool> keep = new("--keep") { Description = "Leave everything running until Ctrl+C" };
        Option<int> jitter = new("--jitter")
        {
            Description = "Milliseconds by which the network delays packets, 0 to 200",
            DefaultValueFactory = _ => (int)UsualJitter.TotalMilliseconds
        };
        Option<int> talks = new("--talks")
        {
            Description = "Everybody talks so many times, with pauses of 2 to 6 seconds between, 1 to 8",
            DefaultValueFactory = _ => 1
        };
        jitter.Validators.Add(result => Check(result, 0, 200));
        talks.Validators.Add(result => Check(result, 1, 8));
        RootCommand command = new("A recorded call on this machine, from /record start to the verified recording") { plain, identity, keep,
            jitter, talks };
        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count == 0)
        {
            TimeSpan delay = TimeSpan.FromMilliseconds(parsed.GetValue(jitter));
            return new DemoOptions(parsed.GetValue(plain), parsed.GetValue(identity), parsed.GetValue(keep), delay, parsed.GetValue(talks));
        }
        Console.Error.WriteLine($"demo: {string.Join("; ", parsed.Errors.Select(error => error.Message))}");
        return null;
    }

    private static void Check(OptionResult result, int least, int most)
    {
        if (result.GetValueOrDefault<int>() is int value && (value < least || value > most))
            result.AddError($"{result.IdentifierToken?.Value} is {value}; use {least} to {most}");
    }
}
