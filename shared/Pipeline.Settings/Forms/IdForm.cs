using System.Globalization;

namespace Pipeline.Settings.Forms;

/// <summary>An id of Discord's.</summary>
/// <param name="whose">Such as <c>a server</c>.</param>
public sealed class IdForm(string whose) : SettingForm<ulong?>
{
    public override string Range => $"the id of {whose}, digits only";

    public override string Expected => Range;

    public override bool TryRead(string text, out ulong? value)
    {
        // The parser passes over NULs behind the digits.
        bool isId = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) && id > 0 && !text.Contains('\0');
        value = id;
        return isId;
    }

    public override string Show(ulong? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";
}
