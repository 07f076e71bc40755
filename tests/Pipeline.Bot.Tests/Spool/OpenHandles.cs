namespace Pipeline.Bot.Tests.Spool;

/// <summary>Files below a folder that this process holds open, deleted ones too; only where the system lists them.</summary>
internal static class OpenHandles
{
    private const string Handles = "/proc/self/fd";

    public static string[] Below(string folder)
    {
        Assert.SkipUnless(Directory.Exists(Handles), $"no {Handles} on this system");
        return [.. Directory.GetFiles(Handles).Select(handle => new FileInfo(handle).LinkTarget).OfType<string>()
            .Where(file => file.StartsWith(folder, StringComparison.Ordinal))];
    }
}
