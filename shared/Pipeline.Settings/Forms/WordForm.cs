namespace Pipeline.Settings.Forms;

/// <summary>One of some words, in any case; the value has the spelling given here.</summary>
public sealed class WordForm(params string[] words) : SettingForm<string?>
{
    public override string Range => string.Join(" or ", words);

    public override string Expected => Range;

    public override bool TryRead(string text, out string? value) =>
        (value = Array.Find(words, word => word.Equals(text, StringComparison.OrdinalIgnoreCase))) is not null;

    public override string Show(string? value) => value ?? "";
}
