namespace Pipeline.Settings;

/// <summary>
/// Reads declared settings as values. A wrong value becomes one problem and counts as the default; an absent or empty one is the default.
/// The caller looks at <see cref="Problems"/> when everything is read.
/// </summary>
public sealed class SettingReader(SettingSources sources)
{
    private readonly List<SettingProblem> problems = [.. sources.Problems];
    private readonly HashSet<Setting> asked = [];

    /// <summary>Everything that is wrong so far, files that cannot be read included; one problem for each name.</summary>
    public IReadOnlyList<SettingProblem> Problems => problems;

    /// <summary>What has been read so far.</summary>
    public IReadOnlyCollection<Setting> Asked => asked;

    public T Read<T>(Setting<T> setting)
    {
        asked.Add(setting.Declared ?? setting);
        if (sources.Find(setting.Name) is not { } found) return setting.DefaultOrNone;
        if (setting.Form.TryRead(found.Value, out T value)) return value;
        Report(SettingProblem.NotAllowed(setting, found.Value));
        return setting.DefaultOrNone;
    }

    /// <summary>Whether somebody gave it a value, right or wrong.</summary>
    public bool IsSet(Setting setting)
    {
        asked.Add(setting.Declared ?? setting);
        return sources.Find(setting.Name) is not null;
    }

    /// <summary>Says that a value is well formed and still not possible, such as a file that is not there.</summary>
    public void Refuse(Setting setting, string expected) =>
        Report(SettingProblem.NotAllowed(setting, sources.Find(setting.Name)?.Value ?? setting.Default, expected));

    /// <summary>Says that a value is needed.</summary>
    /// <param name="expected">What is needed; null for the setting's own range.</param>
    public void Demand(Setting setting, string? expected = null)
    {
        if (!IsSet(setting)) Report(SettingProblem.NotSet(setting, expected));
    }

    private void Report(SettingProblem problem)
    {
        if (!problems.Exists(known => known.Name == problem.Name)) problems.Add(problem);
    }
}
