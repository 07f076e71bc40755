using System.Text;

namespace Pipeline.Settings;

/// <summary>The list of settings as README shows it.</summary>
public static class SettingsTable
{
    /// <summary>
    /// A Markdown table: name, default, what a bare number counts, range, sentence; one row for each setting, lines end with \n.
    /// </summary>
    /// <param name="title">Head of the first column.</param>
    public static string Markdown(string title, IEnumerable<Setting> settings)
    {
        StringBuilder table = new($"| {title} | default | unit | range | |\n|---|---|---|---|---|\n");
        foreach (Setting setting in settings)
            table.Append($"| `{setting.Name}` | {setting.Default} | {setting.Unit} | {setting.Range} | {setting.Sentence} |\n");
        return table.ToString();
    }
}
