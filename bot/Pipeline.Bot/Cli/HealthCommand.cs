using System.CommandLine;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Bot.Cli;

/// <summary>
/// <c>Pipeline.Bot health</c>: asks the bot that runs beside it, for a container engine's health check. Exit code 0: healthy; 1:
/// not, or no bot; 2: there is no HEALTH_ENDPOINT to ask at.
/// </summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static Command Create()
    {
        Command command = new("health", "Asks the running bot at HEALTH_ENDPOINT whether it is healthy");
        command.SetAction((_, cancellationToken) => RunAsync(cancellationToken));
        return command;
    }

    private static Task<int> RunAsync(CancellationToken cancellationToken) =>
        AskAsync(new(SettingSources.Load(AppContext.BaseDirectory, Directory.GetCurrentDirectory())), Console.Out, Console.Error,
            cancellationToken);

    /// <returns>The exit code.</returns>
    internal static async Task<int> AskAsync(SettingReader reader, TextWriter output, TextWriter errors,
        CancellationToken cancellationToken)
    {
        Uri? found = reader.Read(HostingSettings.Health);
        reader.Demand(HostingSettings.Health, "the address that the running bot answers on");
        if (reader.Problems.Count > 0 || found is not { } endpoint)
        {
            await errors.WriteLineAsync(reader.Problems.Count > 0 ? reader.Problems[0].Text
                : $"{HostingSettings.Health.Name} is off: nobody answers");
            return ExitCode.Usage;
        }
        // Where it listens on every address, it is asked on this machine's own.
        UriBuilder address = new(endpoint) { Host = endpoint.Host is "0.0.0.0" or "[::]" ? "127.0.0.1" : endpoint.Host, Path = "/healthz" };
        using HttpClient http = new() { Timeout = Patience };
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(address.Uri, cancellationToken);
            await output.WriteLineAsync((await answer.Content.ReadAsStringAsync(cancellationToken)).Trim());
            return answer.IsSuccessStatusCode ? ExitCode.Success : ExitCode.Failure;
        }
        catch (Exception away) when (away is HttpRequestException or OperationCanceledException)
        {
            await errors.WriteLineAsync($"no answer at {address.Uri}");
            return ExitCode.Failure;
        }
    }
}
