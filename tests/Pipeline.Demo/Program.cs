using System.CommandLine;
using System.CommandLine.Help;
using Pipeline.Demo;
using Pipeline.Demo.Call;
using Pipeline.Demo.Crowd;
using Pipeline.Demo.Load;

// dotnet run -c Release --project tests/Pipeline.Demo -- demo | load | crowd [OPTIONS]
RootCommand runs = new("Runs of the whole product on this machine. " + Interruption.ExitCodes)
{
    DemoOptions.Command(DemoRun.RunAsync), LoadOptions.Command(LoadRun.RunAsync), CrowdOptions.Command(CrowdRun.RunAsync),
};
ParseResult parsed = runs.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
{
    string said = parsed.CommandResult.Command == runs
        ? $"Pipeline.Demo: '{string.Join(' ', args)}' is no run; use {string.Join(", ", runs.Subcommands.Select(run => run.Name))}"
        : $"{parsed.CommandResult.Command.Name}: {string.Join("; ", parsed.Errors.Select(error => error.Message))}";
    Console.Error.WriteLine($"{said} (--help tells what there is)");
    return 2;
}
// A signal is for the run itself, and what goes wrong by our fault is shown whole.
return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
