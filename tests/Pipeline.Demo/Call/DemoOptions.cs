using System.CommandLine;

namespace Pipeline.Demo.Call;

/// <summary>What the demo's command line says.</summary>
internal sealed record DemoOptions(bool Plain, bool Identity, bool Keep)
{
    public const double Loss = 0.02;

    /// <returns>Null after a message about what is wrong.</returns>
    public static DemoOptions? Parse(string[] args)
    {
        Option<bool> plain = new("--plain") { Description = "A call without end-to-end encryption" };
        Option<bool> identity = new("--identity") { Description = "Storage over HTTPS with tokens instead of keys" };
        Option<bool> keep = new("--keep") { Description = "Leave everything running until Ctrl+C" };
        RootCommand command = new("A recorded call on this machine, from /record start to the verified recording") { plain, identity, keep };
        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count == 0) return new DemoOptions(parsed.GetValue(plain), parsed.GetValue(identity), parsed.GetValue(keep));
        Console.Error.WriteLine($"demo: {string.Join("; ", parsed.Errors.Select(error => error.Message))}");
        return null;
    }
}
