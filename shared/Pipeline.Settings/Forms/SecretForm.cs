namespace Pipeline.Settings.Forms;

/// <summary>What travels in an HTTP header: ASCII signs. A quotation mark of a text program, or a letter with dots, is none.</summary>
/// <param name="range">What it is, such as <c>a key</c>.</param>
/// <param name="isOneWord">Without a blank in it.</param>
public sealed class SecretForm(string range, bool isOneWord = false) : SettingForm<string?>
{
    public override string Range { get; } = range;

    public override string Expected => $"{Range}, of ASCII letters, digits and signs";

    public override bool TryRead(string text, out string? value)
    {
        value = text;
        return text == text.Trim() && text.All(sign => sign is >= ' ' and < (char)0x7f && (sign != ' ' || !isOneWord));
    }

    public override string Show(string? value) => value ?? "";
}
