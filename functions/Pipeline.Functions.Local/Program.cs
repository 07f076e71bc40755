using System.CommandLine;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Pipeline.Functions.Local;
using Pipeline.Hosting;
using Pipeline.RecordingApi.Transcripts;
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
    string[] given = parsed.GetValue(urls) is { } addresses ? ["--urls", addresses] : [];
    try
    {
        if (parsed.GetValue(settings))
        {
            SettingSources sources = LocalApp.ReadSettings(given);
            await NameUnknownAsync(sources);
            foreach (string line in SettingsInForce.Lines(sources, KnownSettings.Of(Programs.Functions))) Console.WriteLine(line);
            return 0;
        }
        await using WebApplication app = LocalApp.Build(given);
        await NameUnknownAsync(app.Services.GetRequiredService<SettingSources>());
        return await RunAsync(app);
    }
    catch (InvalidSettingsException wrong)
    {
        await Console.Error.WriteLineAsync(wrong.Message);
        return SettingProblem.ExitCode;
    }
    catch (AddressUnavailableException taken)
    {
        await Console.Error.WriteLineAsync(taken.Message);
        return LocalApp.Unavailable;
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

static async Task NameUnknownAsync(SettingSources sources)
{
    foreach (SettingProblem unknown in KnownSettings.Unknown(sources)) await Console.Error.WriteLineAsync(unknown.Text);
}

static async Task<int> RunAsync(WebApplication app)
{
    // Taken before the run: it ends with the services disposed.
    UnexpectedStop stop = app.Services.GetRequiredService<UnexpectedStop>();
    WhisperTranscriber? model = app.Services.GetService<ITranscriber>() as WhisperTranscriber;
    string? addresses = app.Configuration[WebHostDefaults.ServerUrlsKey];
    try
    {
        await app.RunAsync();
        if (model is { IsRunning: true }) ProcessEnd.WithoutCleaningUp(stop.ExitCode);
        return stop.ExitCode;
    }
    catch (IOException taken) when (
        taken.InnerException
        is { InnerException: SocketException } or SocketException or AddressInUseException)
    {
        await Console.Error.WriteLineAsync($"{addresses}: the address is taken, or not one of this machine. "
            + "Choose another with --urls or ASPNETCORE_URLS.");
        return LocalApp.Unavailable;
    }
}
