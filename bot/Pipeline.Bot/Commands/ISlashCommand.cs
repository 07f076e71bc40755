namespace Pipeline.Bot.Commands;

/// <summary>What one slash command does. Rights are looked at when it is used; the answer is only for its caller.</summary>
internal interface ISlashCommand
{
    /// <summary>Its subcommands of <c>/record</c>, or a command of its own.</summary>
    IReadOnlyList<string> Names { get; }

    Task RunAsync(CommandContext context, CancellationToken cancellationToken);
}
