using System.Globalization;

namespace Pipeline.Settings.Forms;

/// <summary>A size in bytes: <c>4096</c> (MB), <c>4096MB</c>, <c>4096 MB</c>, <c>4GB</c>, <c>1TB</c>; an MB is 2^20 bytes.</summary>
/// <param name="minimum">In MB.</param>
/// <param name="maximum">In MB.</param>
public sealed class SizeForm(long minimum, long maximum) : SettingForm<long>
{
    private const long Megabyte = 1 << 20;

    // Out of every range, and the product with a unit is still a decimal.
    private const long TooMany = 1_000_000_000_000;

    public override string Unit => "MB";

    public override string Range => string.Create(CultureInfo.InvariantCulture, $"{minimum} MB to {maximum} MB");

    public override string Expected => $"a size from {Range}, such as 4096, 4096MB or 4GB (a bare number counts MB)";

    public override bool TryRead(string text, out long value)
    {
        value = 0;
        if (!Quantity.TrySplit(text, out decimal number, out string unit) || number > TooMany) return false;
        long megabytes = unit switch { "" or "MB" or "MIB" => 1, "GB" or "GIB" => 1 << 10, "TB" or "TIB" => 1 << 20, _ => 0 };
        decimal size = number * megabytes;
        if (megabytes == 0 || size < minimum || size > maximum) return false;
        value = (long)(size * Megabyte);
        return true;
    }

    public override string Show(long value) => string.Create(CultureInfo.InvariantCulture, $"{(decimal)value / Megabyte} MB");
}
