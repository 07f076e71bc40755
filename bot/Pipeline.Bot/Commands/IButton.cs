namespace Pipeline.Bot.Commands;

/// <summary>What buttons do that are good whether a recording runs or not.</summary>
internal interface IButton
{
    /// <summary>First words of their ids, as in <see cref="Panel.CustomIds"/>.</summary>
    IReadOnlyList<string> Buttons { get; }

    /// <param name="what">Which of <see cref="Buttons"/>.</param>
    /// <param name="argument">What its id names.</param>
    Task PressAsync(CommandContext context, string what, string argument, CancellationToken cancellationToken);
}
