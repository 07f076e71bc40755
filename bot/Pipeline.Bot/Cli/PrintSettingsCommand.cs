using System.CommandLine;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Bot.Cli;

/// <summary>
/// <c>Pipeline.Bot settings</c>: the settings with which the bot would run, one a line: name, value, source. What is wrong follows on
/// standard error, and makes the exit code 2.
/// </summary>
internal static class PrintSettingsCommand
{
    public static Command Create()
    {
        Command command = new("settings", "Prints the settings in force and where each comes from");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        ProgramSettings settings = new();
        settings.ReadDiscord();
        foreach (string line in SettingsInForce.Lines(settings.Sources, KnownSettings.Of(Programs.Bot))) Console.WriteLine(line);
        return settings.TellProblems() ? ExitCode.Success : ExitCode.Usage;
    }
}
