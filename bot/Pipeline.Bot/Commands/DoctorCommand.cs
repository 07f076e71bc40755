using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Bot.Upload;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary><c>Pipeline.Bot doctor</c>: says what keeps the bot from recording, and the remedy for each. The first problem is the exit code.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Command command = new("doctor", "Checks token, permissions, libopus, storage, clock and network, and names the remedies");
        command.SetAction((_, cancellationToken) => BotProcess.GuardAsync(() => RunAsync(cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        List<string> problems = [];
        (_, BotOptions bot, RecorderOptions discord) = RecorderSettings.ReadAll(problems);
        if (problems.Count > 0)
        {
            foreach (string problem in problems) Console.WriteLine(new DoctorFinding("settings", problem, "correct it in the environment", ExitCode.Usage));
            return ExitCode.Usage;
        }
        using HttpClient http = new();
        using DiscordRestClient rest = new(http, discord.Rest, TimeProvider.System, NullLogger<DiscordRestClient>.Instance);
        Doctor doctor = new(discord, bot, new TempStorages([new TempStorage(bot.Storage)]), rest, http, TimeProvider.System);
        int code = ExitCode.Success;
        await foreach (DoctorFinding finding in doctor.ExamineAsync(cancellationToken))
        {
            Console.WriteLine(finding);
            if (code == ExitCode.Success) code = finding.Code;
        }
        return code;
    }
}
