using System.CommandLine;

namespace Pipeline.Bot.Cli;

/// <summary>A command line that cannot be understood, in one line: what is wrong and what to do about it.</summary>
internal static class UsageLine
{
    public static string For(ParseResult parsed)
    {
        string commands = string.Join(", ", parsed.RootCommandResult.Command.Subcommands.Select(command => command.Name));
        bool isCommand = parsed.CommandResult.Command != parsed.RootCommandResult.Command;
        if (isCommand)
            return $"{string.Join(" ", parsed.Errors.Select(error => error.Message))} '{parsed.CommandResult.Command.Name} --help' "
            + $"tells what there is.";
        return parsed.UnmatchedTokens is [var unknown, ..]
            ? $"'{unknown}' is no command, expected one of {commands}; --help tells more."
            : $"A command is missing, expected one of {commands}; --help tells more.";
    }
}
