using System.Globalization;

namespace Pipeline.Settings.Forms;

/// <summary>A whole number.</summary>
/// <param name="unit">What it counts, such as <c>frames of 20 ms</c>; empty for nothing in particular.</param>
public sealed class NumberForm(int minimum, int maximum, string unit = "") : SettingForm<int>
{
    public override string Unit { get; } = unit;

    public override string Range => string.Create(CultureInfo.InvariantCulture, $"{minimum} to {maximum}");

    public override string Expected => $"a whole number from {Range} {Unit}".TrimEnd();

    public override bool TryRead(string text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= minimum && value <= maximum;

    public override string Show(int value) => value.ToString(CultureInfo.InvariantCulture);
}
