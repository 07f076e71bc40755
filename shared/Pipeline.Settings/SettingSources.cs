using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Pipeline.Settings;

/// <summary>Where values come from: files, the environment, and what a host adds. The later source counts.</summary>
public sealed class SettingSources
{
    public const string FileName = "appsettings.json";

    /// <summary>The name of the environment as a source.</summary>
    public const string Environment = "environment";

    private readonly List<(string Source, IConfigurationProvider Provider)> sources;

    /// <param name="root">What a host has put together.</param>
    public SettingSources(IConfigurationRoot root)
        : this(root, [])
    {
    }

    private SettingSources(IConfigurationRoot root, IReadOnlyList<SettingProblem> problems)
    {
        Configuration = root;
        sources = [.. root.Providers.Select(provider => (NameOf(provider), provider)).Reverse()];
        Problems = problems;
    }

    /// <summary>The same sources for what reads them by itself, such as the log's levels.</summary>
    public IConfigurationRoot Configuration { get; }

    /// <summary>Files that are there and cannot be read; the other sources count without them.</summary>
    public IReadOnlyList<SettingProblem> Problems { get; }

    /// <summary>Reads <c>appsettings.json</c> beside the program, then the one in the working directory, then the environment.</summary>
    /// <param name="programFolder">Where the program lies.</param>
    public static SettingSources Load(string programFolder, string workingFolder)
    {
        List<SettingProblem> problems = [];
        ConfigurationBuilder builder = new();
        AddFiles(builder, programFolder, workingFolder, problems);
        return new SettingSources(builder.AddEnvironmentVariables().Build(), problems);
    }

    /// <summary>What a Functions host gives a worker. Files that lie beside it are somebody else's.</summary>
    public static SettingSources LoadEnvironment() => new(new ConfigurationBuilder().AddEnvironmentVariables().Build());

    /// <summary>Adds the files that are there and can be read.</summary>
    /// <param name="problems">Gets a line for each that cannot.</param>
    public static void AddFiles(IConfigurationBuilder builder, string programFolder, string workingFolder,
        ICollection<SettingProblem> problems)
    {
        foreach (string folder in new[] { programFolder, workingFolder }.Select(Full).Distinct(StringComparer.Ordinal))
        {
            string file = Path.Combine(folder, FileName);
            if (!File.Exists(file)) continue;
            try
            {
                new ConfigurationBuilder().AddJsonFile(file, optional: false, reloadOnChange: false).Build();
            }
            catch (Exception unreadable) when (
                unreadable is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
            {
                string cause = unreadable.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.');
                problems.Add(new(file, $"{file}: {cause}, expected a JSON file such as {{ \"RECORDING_CHANNELS\": \"1\" }}, or none"));
                continue;
            }
            builder.AddJsonFile(file, optional: false, reloadOnChange: false);
        }
    }

    /// <summary>The value of a setting and where it stood; null when nobody gave one. An empty text is none.</summary>
    public FoundSetting? Find(string name)
    {
        string nested = name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        foreach ((string source, IConfigurationProvider provider) in sources)
        {
            // A file may nest a name, or write it as the environment does.
            if (!provider.TryGet(nested, out string? value) && !provider.TryGet(name, out value)) continue;
            return string.IsNullOrWhiteSpace(value) ? null : new FoundSetting(value.Trim(), source);
        }
        return null;
    }

    /// <summary>Every name that has a value in some source, in the environment's spelling.</summary>
    public IEnumerable<(string Name, string Source)> Names() =>
        from pair in sources
        from key in Leaves(pair.Provider, null)
        let name = key.Replace(ConfigurationPath.KeyDelimiter, "__", StringComparison.Ordinal)
        group pair.Source by name into same
        select (same.Key, same.First());

    private static IEnumerable<string> Leaves(IConfigurationProvider provider, string? parent)
    {
        foreach (string child in provider.GetChildKeys([], parent).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            string key = parent is null ? child : ConfigurationPath.Combine(parent, child);
            if (provider.TryGet(key, out string? value) && !string.IsNullOrWhiteSpace(value)) yield return key;
            foreach (string leaf in Leaves(provider, key)) yield return leaf;
        }
    }

    private static string Full(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private static string NameOf(IConfigurationProvider provider) => provider switch
    {
        EnvironmentVariablesConfigurationProvider => Environment,
        FileConfigurationProvider { Source: { Path: { } path } source } => source.FileProvider?.GetFileInfo(path).PhysicalPath ?? path,
        _ => "command line",
    };
}

/// <summary>A value as somebody wrote it, and its source: <c>environment</c>, the path of a file, or <c>command line</c>.</summary>
public sealed record FoundSetting(string Value, string Source);
