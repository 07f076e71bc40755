namespace Pipeline.TestKit;

/// <summary>A folder that goes away with its test.</summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pipeline-test-").FullName;

    public string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose()
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
                return;
            }
            catch (IOException late) when (attempt < 100 && late is not DirectoryNotFoundException)
            {
                // What was cut off in the middle of its work has put one more file there.
                Thread.Yield();
            }
        }
    }
}
