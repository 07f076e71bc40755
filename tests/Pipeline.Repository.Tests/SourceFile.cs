using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>One source file of the repository: where it stands and what it says.</summary>
internal sealed partial class SourceFile
{
    private SourceFile(string path)
    {
        Path = path;
        Text = File.ReadAllText(RepositoryRoot.Combine(path));
        Code = Comments().Replace(Text, "");
        Match space = NamespaceLine().Match(Text);
        Namespace = space.Success ? space.Groups[1].Value : null;
        string[] parts = path.Split('/');
        (Project, Folder) = (parts[1], string.Join('/', parts[2..^1]));
        Types = [.. TypeLine().Matches(Code).Select(match => match.Groups[1].Value)];
    }

    /// <summary>Below the repository's root, with slashes.</summary>
    public string Path { get; }

    public string Text { get; }

    /// <summary>Without comments.</summary>
    public string Code { get; }

    /// <summary>Null for top-level statements.</summary>
    public string? Namespace { get; }

    public string Project { get; }

    /// <summary>Below the project, with slashes; empty for its root.</summary>
    public string Folder { get; }

    /// <summary>Types that stand directly in the namespace.</summary>
    public IReadOnlyList<string> Types { get; }

    public string Expected => Folder.Length == 0 ? Project : $"{Project}.{Folder.Replace('/', '.')}";

    /// <summary>All C# files below these folders, without what builds made.</summary>
    public static IEnumerable<SourceFile> All(params string[] folders) => Paths("*.cs", folders).Select(path => new SourceFile(path));

    /// <summary>Paths of the files below these folders, without what builds and package managers made.</summary>
    public static IEnumerable<string> Paths(string pattern, params string[] folders) =>
        folders.SelectMany(folder => Directory.EnumerateFiles(RepositoryRoot.Combine(folder), pattern, SearchOption.AllDirectories))
            .Select(file => System.IO.Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "obj" or "bin" or "node_modules"));

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comments();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(
        @"^(?:(?:public|internal|file|sealed|static|abstract|partial|readonly|ref|unsafe) )*(?:class|struct|record struct|record "
        + @"class|record|interface|enum) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
