using Pipeline.Bot.Panel;

namespace Pipeline.Bot.Commands;

/// <summary>All slash commands by name.</summary>
internal sealed class RecordCommands(IEnumerable<ISlashCommand> all)
{
    private readonly Dictionary<string, ISlashCommand> byName = all
        .SelectMany(command => command.Names.Select(name => (name, command)))
        .ToDictionary(entry => entry.name, entry => entry.command);

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        byName.TryGetValue(context.Subcommand, out ISlashCommand? command)
            ? command.RunAsync(context, cancellationToken)
            : context.Answer.SendAsync(Texts.UnknownCommand, cancellationToken);
}
