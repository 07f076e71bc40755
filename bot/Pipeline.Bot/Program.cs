using System.CommandLine;
using Pipeline.Bot.Cli;

PrivateFiles.Use();
RootCommand root = new("Pipeline: a recorder for Discord voice calls that does not lose a recording")
{
    RunCommand.Create(),
    DoctorCommand.Create(),
    ReplayCommand.Create(),
    HealthCommand.Create(),
    PrintSettingsCommand.Create(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine(UsageLine.For(parsed));
    return ExitCode.Usage;
}
// Signals are the host's: it closes segments and drains before it ends.
return await CommandGuard.GuardAsync(() =>
    parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }));
