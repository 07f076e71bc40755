namespace Pipeline.Settings.Forms;

/// <summary>Some of a few words, divided by commas, in any case; or <c>off</c> for none of them.</summary>
public sealed class WordsForm(params string[] words) : SettingForm<IReadOnlyList<string>>
{
    private const string Off = "off";

    public override string Range => $"{string.Join(", ", words[..^1])} and {words[^1]}, divided by commas, or {Off}";

    public override string Expected => Range;

    public override bool TryRead(string text, out IReadOnlyList<string> value)
    {
        value = [];
        if (text.Equals(Off, StringComparison.OrdinalIgnoreCase)) return true;
        value = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.ToLowerInvariant()).Distinct()];
        return value.Count > 0 && !value.Except(words).Any();
    }

    public override string Show(IReadOnlyList<string> value) => value.Count == 0 ? Off : string.Join(',', value);
}
