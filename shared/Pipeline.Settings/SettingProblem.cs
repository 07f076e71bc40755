namespace Pipeline.Settings;

/// <summary>One thing that is wrong with the settings, as one line: name, value, range, remedy.</summary>
public sealed record SettingProblem(string Name, string Text)
{
    private const int LongestValue = 80;

    /// <summary>The exit code of both programs when a setting is wrong. Nothing has been started by then.</summary>
    public const int ExitCode = 2;

    /// <summary>A value that is not allowed.</summary>
    /// <param name="expected">What is; null for the setting's own range.</param>
    public static SettingProblem NotAllowed(Setting setting, string value, string? expected = null)
    {
        string told = setting.IsSecret ? "its value (a secret, not shown)" : $"'{Shown(value)}'";
        string remedy = setting.Default.Length > 0 ? $"; leave it out for {setting.Default}" : "";
        return new(setting.Name, $"{setting.Name}: {told} is not allowed, expected {expected ?? setting.Expected}{remedy}");
    }

    /// <summary>A value that is needed and not there.</summary>
    public static SettingProblem NotSet(Setting setting, string? expected = null) =>
        new(setting.Name, $"{setting.Name} is not set, expected {expected ?? setting.Expected}");

    public override string ToString() => Text;

    /// <summary>
    /// A wrong value on one line. What follows a question mark may be a signature and what stands before an at sign a password: neither is
    /// shown.
    /// </summary>
    private static string Shown(string value)
    {
        string line = string.Concat(value.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
        int query = line.IndexOf('?', StringComparison.Ordinal), start = line.IndexOf("://", StringComparison.Ordinal),
            name = line.LastIndexOf('@');
        if (query >= 0) line = line[..query] + "?…";
        if (start >= 0 && name > start && (query < 0 || name < query)) line = line[..(start + 3)] + "…" + line[name..];
        return line.Length > LongestValue ? line[..LongestValue] + "…" : line;
    }
}
