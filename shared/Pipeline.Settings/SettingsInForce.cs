namespace Pipeline.Settings;

/// <summary>The settings with which a program would run: value and source of each, for people.</summary>
public static class SettingsInForce
{
    /// <summary>
    /// One line for each setting: name, value, source. A secret is <c>set</c> or <c>not set</c>; a wrong value is <c>wrong</c>.
    /// </summary>
    public static IEnumerable<string> Lines(SettingSources sources, IReadOnlyList<Setting> settings)
    {
        List<(string Name, string Value, string Source)> rows = [.. settings.SelectMany(setting =>
            Found(sources, setting).DefaultIfEmpty(setting.Name).Select(name => Row(name, setting, sources.Find(name))))];
        int name = rows.Max(row => row.Name.Length), value = rows.Max(row => row.Value.Length);
        return rows.Select(row => $"{row.Name.PadRight(name)}  {row.Value.PadRight(value)}  {row.Source}".TrimEnd());
    }

    /// <summary>
    /// What somebody has set, in one line: <c>NAME=value (source), …</c>, values as <see cref="Lines"/> shows them; <c>none, all are
    /// defaults</c> where that is so.
    /// </summary>
    public static string Line(SettingSources sources, IReadOnlyList<Setting> settings)
    {
        string[] set = [.. settings.SelectMany(setting => Found(sources, setting).Select(name => Row(name, setting, sources.Find(name))))
            .Select(row => $"{row.Name}={row.Value} ({row.Source})")];
        return set.Length == 0 ? "none, all are defaults" : string.Join(", ", set);
    }

    // Names under which a value is there: of one of several, each under its number.
    private static IEnumerable<string> Found(SettingSources sources, Setting setting) =>
        UnknownSettings.NamesOf(setting.Name).Where(name => sources.Find(name) is not null);

    private static (string Name, string Value, string Source) Row(string setName, Setting setting, FoundSetting? found)
    {
        if (found is not null) return (setName, setting.Show(found.Value) ?? "wrong", found.Source);
        return (setName, setting.IsSecret || setting.Default.Length == 0 ? "not set" : setting.Default, "default");
    }
}
