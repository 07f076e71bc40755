namespace Pipeline.Discord.Rest;

/// <summary>A row, a button or a form's field (Discord: Component Reference).</summary>
public sealed record MessageComponent
{
    private const int RowType = 1;
    private const int ButtonType = 2;
    private const int TextInputType = 4;
    private const int LinkStyle = 5;

    public required int Type { get; init; }
    public int? Style { get; init; }
    public string? Label { get; init; }
    public string? CustomId { get; init; }
    public string? Url { get; init; }
    public bool? Disabled { get; init; }
    public int? MaxLength { get; init; }
    public bool? Required { get; init; }
    public string? Placeholder { get; init; }
    public IReadOnlyList<MessageComponent>? Components { get; init; }

    /// <summary>Up to five buttons, or one field.</summary>
    public static MessageComponent Row(params IReadOnlyList<MessageComponent> components) =>
        new() { Type = RowType, Components = components };

    /// <param name="customId">1-100 characters; comes back when it is pressed.</param>
    public static MessageComponent Button(string label, string customId, ButtonStyle style = ButtonStyle.Secondary,
        bool disabled = false) =>
        new() { Type = ButtonType, Style = (int)style, Label = label, CustomId = customId, Disabled = disabled ? true : null };

    /// <summary>A button that opens an address.</summary>
    public static MessageComponent Link(string label, string url) =>
        new() { Type = ButtonType, Style = LinkStyle, Label = label, Url = url };

    /// <summary>A field of several lines.</summary>
    public static MessageComponent Paragraph(string label, string customId, int maxLength, string placeholder) =>
        new()
        {
            Type = TextInputType,
            Style = 2,
            Label = label,
            CustomId = customId,
            MaxLength = maxLength,
            Required = true,
            Placeholder = placeholder
        };
}

/// <summary>Discord: Button Styles, those with an id.</summary>
public enum ButtonStyle
{
    Primary = 1,
    Secondary = 2,
    Success = 3,
    Danger = 4,
}
