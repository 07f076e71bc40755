namespace Pipeline.Settings;

/// <summary>
/// Settings are wrong or absent: the program tells every problem, one line each, and ends with <see cref="SettingProblem.ExitCode"/>.
/// </summary>
public sealed class InvalidSettingsException(params IReadOnlyList<SettingProblem> problems)
    : Exception(string.Join('\n', problems.Select(problem => problem.Text)))
{
    public IReadOnlyList<SettingProblem> Problems { get; } = problems;
}
