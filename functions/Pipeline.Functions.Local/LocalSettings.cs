using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Functions.Local;

/// <summary>Where this program's settings come from: files, the environment, and what a test hands in.</summary>
internal static class LocalSettings
{
    /// <summary>The builder with the files beside the program and in the working directory below the environment.</summary>
    /// <exception cref="InvalidSettingsException">A file is there and cannot be read.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args, string workingFolder)
    {
        // Read apart first: the builder would end with an exception that names no remedy.
        ConfigurationBuilder files = new();
        List<SettingProblem> unreadable = [];
        SettingSources.AddFiles(files, AppContext.BaseDirectory, workingFolder, unreadable);
        if (unreadable.Count > 0) throw new InvalidSettingsException(unreadable);

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        IList<IConfigurationSource> sources = builder.Configuration.Sources;
        int environment = sources.Count - 1;
        while (environment > 0 && sources[environment] is not EnvironmentVariablesConfigurationSource) environment--;
        foreach (IConfigurationSource file in files.Sources) sources.Insert(environment++, file);
        return builder;
    }

    /// <summary>Reads them all.</summary>
    /// <exception cref="InvalidSettingsException">Names every one that is wrong, and those that look like settings of ours and are
    /// none.</exception>
    public static LocalOptions Read(SettingSources sources)
    {
        SettingReader reader = new(sources);
        LocalOptions options = LocalOptions.Read(reader);
        if (reader.Problems.Count > 0) throw new InvalidSettingsException([.. KnownSettings.Unknown(sources), .. reader.Problems]);
        return options;
    }
}
