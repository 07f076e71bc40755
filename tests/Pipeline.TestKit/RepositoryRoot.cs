namespace Pipeline.TestKit;

/// <summary>Finds the repository from where the test runs.</summary>
public static class RepositoryRoot
{
    /// <summary>The folder that holds Pipeline.sln.</summary>
    public static string Path { get; } = Find();

    /// <summary>A file or folder below the root.</summary>
    public static string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Pipeline.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} holds Pipeline.sln");
    }
}
