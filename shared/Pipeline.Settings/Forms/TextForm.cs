namespace Pipeline.Settings.Forms;

/// <summary>A text of one line.</summary>
/// <param name="range">What it is, such as <c>a folder</c>.</param>
/// <param name="isRight">Which are allowed; null for all.</param>
public sealed class TextForm(string range, Func<string, bool>? isRight = null) : SettingForm<string?>
{
    public override string Range { get; } = range;

    public override string Expected => Range;

    public override bool TryRead(string text, out string? value)
    {
        value = text;
        return !text.Any(char.IsControl) && (isRight is null || isRight(text));
    }

    public override string Show(string? value) => value ?? "";
}
