namespace Pipeline.Discord.Model;

/// <summary>A row of a submitted form, or a field inside a row.</summary>
public sealed record InteractionComponent
{
    public int Type { get; init; }
    public string? CustomId { get; init; }
    public string? Value { get; init; }
    public IReadOnlyList<InteractionComponent> Components { get => field ?? []; init; }

    /// <summary>A labelled field carries its input here.</summary>
    public InteractionComponent? Component { get; init; }
}
