namespace Pipeline.TestKit.Stage;

/// <summary>Finds what the build made, in the same configuration as the running assembly.</summary>
public static class BuiltProject
{
    private static readonly string Configuration = AppContext.BaseDirectory.Contains("/Debug/", StringComparison.OrdinalIgnoreCase)
        ? "Debug" : "Release";

    /// <param name="project">Path below the repository, for example <c>bot/Pipeline.Bot</c>.</param>
    public static string Assembly(string project)
    {
        string path = RepositoryRoot.Combine([.. project.Split('/'), "bin", Configuration, "net10.0", $"{Path.GetFileName(project)}.dll"]);
        return File.Exists(path) ? path
            : throw new InvalidOperationException($"{path} is missing: run 'dotnet build Pipeline.sln -c {Configuration}'");
    }

    /// <summary>The bot: the published one that PIPELINE_BOT names, else the built one.</summary>
    public static ChildProcess StartBot(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        Environment.GetEnvironmentVariable("PIPELINE_BOT") is { Length: > 0 } published
            ? ChildProcess.Start(Path.GetFullPath(published), arguments, environment)
            : Start("bot/Pipeline.Bot", arguments, environment);

    public static ChildProcess Start(string project, IEnumerable<string> arguments, IReadOnlyDictionary<string,
        string?>? environment = null) =>
        ChildProcess.Start("dotnet", [Assembly(project), .. arguments], environment);
}
