namespace Pipeline.Discord.Rest;

/// <summary>A framed block (Discord: Embed Object); 6000 characters at most over all its texts.</summary>
public sealed record MessageEmbed
{
    /// <summary>At most 256 characters.</summary>
    public string? Title { get; init; }

    /// <summary>At most 4096 characters.</summary>
    public string? Description { get; init; }

    /// <summary>24 bits, red first.</summary>
    public int? Color { get; init; }

    /// <summary>At most 25.</summary>
    public IReadOnlyList<EmbedField>? Fields { get; init; }

    public EmbedFooter? Footer { get; init; }
}

/// <summary>A name of at most 256 characters and a value of at most 1024; neither may be empty.</summary>
public sealed record EmbedField(string Name, string Value, bool Inline = false);

/// <summary>The small line under an embed, at most 2048 characters.</summary>
public sealed record EmbedFooter(string Text);
