using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Commands;
using Pipeline.Discord.Rest;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>Whatever can be typed stands in the README as it is typed.</summary>
public sealed class DocumentedCommandsTests
{
    private static readonly string Readme = File.ReadAllText(RepositoryRoot.Combine("README.md"));

    public static TheoryData<string> SlashCommands => [.. CommandDefinitions.All.SelectMany(command =>
        Lines("/" + command.Name, command.Options ?? []))];

    public static TheoryData<string> ReplayArguments => [.. ReplayCommand.Create().Options.Select(option => option.Name)];

    public static TheoryData<string> Verbs => [.. typeof(ExitCode).Assembly.GetTypes()
        .Select(type => type.GetMethod("Create", BindingFlags.Public | BindingFlags.Static, []))
        .Where(create => create?.ReturnType == typeof(Command)).Select(create => ((Command)create!.Invoke(null, null)!).Name)];

    [Theory]
    [MemberData(nameof(SlashCommands))]
    public void Slash_command_is_listed_with_its_options(string line) => Assert.Contains($"`{line}`", Readme, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(ReplayArguments))]
    public void Argument_of_replay_is_listed(string name) => Assert.Contains($"`{name}", Readme, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Verb_is_listed(string verb) => Assert.Contains($"`{verb}`",
        File.ReadAllText(RepositoryRoot.Combine("bot", "Pipeline.Bot", "README.md")), StringComparison.Ordinal);

    [Fact]
    public void Exit_codes_are_listed_and_no_other()
    {
        string listed = Regex.Match(Readme, @"^Exit codes: (.*?)\n\n", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value;
        int[] codes = [.. typeof(ExitCode).GetFields().Select(field => (int)field.GetRawConstantValue()!)];
        Assert.Equal(codes.Order(), Regex.Matches(listed, @"(?:^|,\s)(\d)\s").Select(match => int.Parse(match.Groups[1].Value)).Order());
    }

    [Fact]
    public void Permissions_of_the_invitation_are_listed()
    {
        string listed = Regex.Match(Readme, @"and the permissions \*([^*]+)\*").Groups[1].Value.ReplaceLineEndings(" ");
        Assert.Equal(Doctor.Invitation.ToString().Split(", ").Order(),
            listed.Split(", ").Select(name => name is "View Channels" ? "ViewChannel" : name.Replace(" ", "", StringComparison.Ordinal))
                .Order());
    }

    private static IEnumerable<string> Lines(string command, IReadOnlyList<CommandOption> options)
    {
        CommandOption[] below =
            [.. options.Where(option => option.Type is CommandOptionKind.Subcommand or CommandOptionKind.SubcommandGroup)];
        return below.Length > 0 ? below.SelectMany(option => Lines($"{command} {option.Name}", option.Options ?? []))
            : [command + string.Concat(options.Select(option => option.Required == true ? $" {option.Name}" : $" [{option.Name}]"))];
    }
}
