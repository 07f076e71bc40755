using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Storage;
using Pipeline.Discord.Rest;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Bot.Cli;

/// <summary>
/// <c>Pipeline.Bot doctor</c>: says what keeps the bot from recording, and the remedy for each. The first problem is the exit code.
/// </summary>
internal static class DoctorCommand
{
    private static readonly Option<string?> Channel = new(
        "--channel")
    {
        Description =
        "id of a voice channel that the bot joins for a moment, muted and deafened, to prove the way to its voice server"
    };

    public static Command Create()
    {
        Command command = new("doctor",
            "Checks token, permissions, libopus, storage, clock and network, and names the remedies") { Channel };
        command.SetAction((parsed, cancellationToken) =>
            CommandGuard.GuardAsync(() => RunAsync(parsed.GetValue(Channel), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(string? channel, CancellationToken cancellationToken)
    {
        ulong trial = 0;
        if (channel is not null && !ulong.TryParse(channel, NumberStyles.None, CultureInfo.InvariantCulture, out trial))
        {
            await Console.Error.WriteLineAsync(
                $"--channel: '{channel}' is not allowed, expected the id of a voice channel, digits only (Discord: Developer Mode, Copy "
                    + $"Channel ID)");
            return ExitCode.Usage;
        }
        ProgramSettings settings = new();
        RecorderOptions discord = settings.ReadDiscord();
        int code = TellSettings(settings);
        if (settings.Problems.Count > 0) return code;
        using HttpClient http = DiscordHttp.Create(discord.Rest.ExtraRoots);
        using DiscordRestClient rest = new(http, discord.Rest, TimeProvider.System, NullLogger<DiscordRestClient>.Instance);
        TempStorages storages = new([new TempStorage(settings.Bot.Storage)]);
        Doctor doctor = new(discord, settings.Bot, storages, rest, http, TimeProvider.System, channel is null ? null : trial);
        await foreach (DoctorFinding finding in doctor.ExamineAsync(cancellationToken))
        {
            Console.WriteLine(finding);
            if (code == ExitCode.Success) code = finding.Code;
        }
        return code;
    }

    private static int TellSettings(ProgramSettings settings)
    {
        List<DoctorFinding> findings =
        [
            .. settings.Unknown.Select(unknown =>
                new DoctorFinding("settings", unknown.Text, "correct its name, or remove it", ExitCode.Usage)),
            .. settings.Problems.Select(wrong => new DoctorFinding("settings", wrong.Text, "correct it where it was set", ExitCode.Usage)),
        ];
        if (findings.Count == 0) findings.Add(new DoctorFinding("settings",
            $"every name and value is right; set: {SettingsInForce.Line(settings.Sources, KnownSettings.Of(Programs.Bot))}; "
            + "'Pipeline.Bot settings' lists them all"));
        foreach (DoctorFinding finding in findings) Console.WriteLine(finding);
        return findings[0].Code;
    }
}
