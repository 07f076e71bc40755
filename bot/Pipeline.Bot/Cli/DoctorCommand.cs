using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Storage;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Cli;

/// <summary><c>Pipeline.Bot doctor</c>: says what keeps the bot from recording, and the remedy for each. The first problem is the exit code.</summary>
internal static class DoctorCommand
{
    private static readonly Option<string?> Channel = new("--channel") { Description = "id of a voice channel that the bot joins for a moment, muted and deafened, to prove the way to its voice server" };

    public static Command Create()
    {
        Command command = new("doctor", "Checks token, permissions, libopus, storage, clock and network, and names the remedies") { Channel };
        command.SetAction((parsed, cancellationToken) => CommandGuard.GuardAsync(() => RunAsync(parsed.GetValue(Channel), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(string? channel, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        ulong trial = 0;
        if (channel is not null && !ulong.TryParse(channel, NumberStyles.None, CultureInfo.InvariantCulture, out trial))
        {
            await Console.Error.WriteLineAsync($"--channel: '{channel}' is not allowed, expected the id of a voice channel, digits only (Discord: Developer Mode, Copy Channel ID)");
            return ExitCode.Usage;
        }
        (_, BotOptions bot, RecorderOptions discord) = DiscordSettings.ReadAll(problems);
        if (problems.Count > 0)
        {
            foreach (string problem in problems) Console.WriteLine(new DoctorFinding("settings", problem, "correct it in the environment", ExitCode.Usage));
            return ExitCode.Usage;
        }
        using HttpClient http = new();
        using DiscordRestClient rest = new(http, discord.Rest, TimeProvider.System, NullLogger<DiscordRestClient>.Instance);
        Doctor doctor = new(discord, bot, new TempStorages([new TempStorage(bot.Storage)]), rest, http, TimeProvider.System, channel is null ? null : trial);
        int code = ExitCode.Success;
        await foreach (DoctorFinding finding in doctor.ExamineAsync(cancellationToken))
        {
            Console.WriteLine(finding);
            if (code == ExitCode.Success) code = finding.Code;
        }
        return code;
    }
}
