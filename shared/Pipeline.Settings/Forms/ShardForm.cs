using System.Globalization;

namespace Pipeline.Settings.Forms;

/// <summary>One of several shards, <c>i/n</c> with i from 0 to n-1.</summary>
public sealed class ShardForm : SettingForm<(int Index, int Count)?>
{
    public override string Range => "i/n with i from 0 to n-1";

    public override string Expected => $"{Range}, such as 0/2";

    public override bool TryRead(string text, out (int Index, int Count)? value)
    {
        value = null;
        if (text.Split('/') is not [string first, string second]) return false;
        if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int index)) return false;
        if (!int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || index >= count) return false;
        value = (index, count);
        return true;
    }

    public override string Show((int Index, int Count)? value) =>
        value is { } shard ? string.Create(CultureInfo.InvariantCulture, $"{shard.Index}/{shard.Count}") : "";
}
