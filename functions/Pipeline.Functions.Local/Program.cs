using System.CommandLine;
using System.Net.Sockets;
using Pipeline.Functions.Local;
using Pipeline.Settings;
using Pipeline.Settings.Known;

Option<string?> urls = new(
    "--urls")
{
    Description = "Addresses to listen on, with ';' between them (default: ASPNETCORE_URLS, or http://127.0.0.1:7071)",
    HelpName = "URLS"
};
Option<bool> settings = new("--settings") { Description = "Print the settings with which it would run, secrets left out, and end" };
RootCommand root = new("The functions of Pipeline without a Functions host: the recording API, and what queues and timers call") { urls,
    settings };
root.SetAction(async (parsed, _) =>
{
    WebApplication app;
    try
    {
        app = LocalApp.Build(parsed.GetValue(urls) is { } given ? ["--urls", given] : []);
    }
    catch (InvalidSettingsException wrong)
    {
        await Console.Error.WriteLineAsync(wrong.Message);
        return SettingProblem.ExitCode;
    }
    await using (app)
    {
        SettingSources sources = app.Services.GetRequiredService<SettingSources>();
        foreach (SettingProblem unknown in KnownSettings.Unknown(sources)) await Console.Error.WriteLineAsync(unknown.Text);
        if (!parsed.GetValue(settings)) return await RunAsync(app);
        foreach (string line in SettingsInForce.Lines(sources, KnownSettings.Of(Programs.Functions))) Console.WriteLine(line);
        return 0;
    }
});
ParseResult arguments = root.Parse(args);
if (arguments.Errors.Count > 0)
{
    Console.Error.WriteLine($"{string.Join(' ', arguments.Errors.Select(error => error.Message))} See --help.");
    return SettingProblem.ExitCode;
}
// Signals are the host's: it lets the functions under way come to their end.
return await arguments.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });

static async Task<int> RunAsync(WebApplication app)
{
    // Taken before the run: it ends with the services disposed.
    UnexpectedStop stop = app.Services.GetRequiredService<UnexpectedStop>();
    string? addresses = app.Configuration[WebHostDefaults.ServerUrlsKey];
    try
    {
        await app.RunAsync();
        return stop.ExitCode;
    }
    catch (IOException taken) when (
        taken.InnerException
        is { InnerException: SocketException } or SocketException or Microsoft.AspNetCore.Connections.AddressInUseException)
    {
        await Console.Error.WriteLineAsync($"{addresses}: the address is taken, or not one of this machine. "
            + "Choose another with --urls or ASPNETCORE_URLS.");
        return LocalApp.Unavailable;
    }
}
