namespace Pipeline.Settings.Forms;

/// <summary>On or off: <c>true</c>, <c>yes</c>, <c>on</c>, <c>1</c> and their opposites, in any case.</summary>
public sealed class SwitchForm : SettingForm<bool>
{
    public override string Range => "true or false";

    public override string Expected => "true or false";

    public override bool TryRead(string text, out bool value)
    {
        string word = text.ToUpperInvariant();
        value = word is "TRUE" or "YES" or "ON" or "1";
        return value || word is "FALSE" or "NO" or "OFF" or "0";
    }

    public override string Show(bool value) => value ? "true" : "false";
}
