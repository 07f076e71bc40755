namespace Pipeline.Bot.Commands;

/// <summary>Small files that must be whole or absent: written beside and renamed over.</summary>
internal static class LocalState
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string beside = path + ".new";
        File.WriteAllBytes(beside, content);
        File.Move(beside, path, overwrite: true);
    }
}
