using System.Globalization;

namespace Pipeline.Settings.Forms;

/// <summary>A number and its unit, such as <c>1.5h</c> or <c>4 GB</c>.</summary>
internal static class Quantity
{
    /// <summary>
    /// Splits a text into a decimal number of at least zero and its unit in upper case; the unit is empty where there is none.
    /// </summary>
    public static bool TrySplit(string text, out decimal number, out string unit)
    {
        int digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        unit = text[digits..].Trim().ToUpperInvariant();
        return decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }
}
