using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Pipeline.RecordingApi.Page;

/// <summary>
/// The page's files, from the program itself. Comments are left out and the rest is packed once, at the first request. Their addresses
/// carry a hash of all of them, so that browsers keep them for good and never mix two versions.
/// </summary>
public sealed class PageAssets
{
    private const string ResourcePrefix = "page/";
    private const string Index = "index.html";

    private readonly Dictionary<string, PageAsset> files = [];

    public PageAssets()
    {
        SortedDictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (string resource in typeof(PageAssets).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)))
        {
            texts[resource[ResourcePrefix.Length..]] = Slim(resource, Read(resource));
        }
        Version = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts.Select(file => $"{file.Key}\0{file.Value}")))))[..12];
        string[] modules = [.. texts.Keys.Where(name =>
            name.EndsWith(".js", StringComparison.Ordinal) && (!name.Contains('/') || name == "texts/en.js"))];
        foreach ((string name, string text) in texts) files[name] = PageAsset.Of(name, name == Index ? WithAddresses(text, modules) : text);
    }

    /// <summary>12 hex digits that change with any file.</summary>
    public string Version { get; }

    /// <summary>The same for every recording: it is the page's scripts that ask for one.</summary>
    public PageAsset IndexPage => files[Index];

    /// <summary>A file by its path below the version; null for anything else.</summary>
    public PageAsset? Find(string path) => path == Index ? null : files.GetValueOrDefault(path);

    /// <summary>What a browser loads before it can show a recording in English, packed: bytes.</summary>
    public int Weight =>
        files.Where(file => !file.Key.StartsWith("texts/", StringComparison.Ordinal) || file.Key == "texts/en.js")
        .Sum(file => file.Value.Gzip.Length);

    private string WithAddresses(string index, string[] modules)
    {
        string root = $"page/{Version}/";
        string preloads = string.Concat(modules.Select(name => $"<link rel=\"modulepreload\" href=\"{root}{name}\">"));
        return index.Replace("href=\"page.css\"", $"href=\"{root}page.css\"", StringComparison.Ordinal)
            .Replace("src=\"main.js\"", $"src=\"{root}main.js\"", StringComparison.Ordinal)
            .Replace("</head>", $"{preloads}</head>", StringComparison.Ordinal);
    }

    private static string Read(string resource)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    // Whole lines only, and their numbers stay: a fault in a browser names the line of the source.
    private static string Slim(string name, string text)
    {
        if (!name.EndsWith(".js", StringComparison.Ordinal)) return text;
        StringBuilder slim = new(text.Length);
        bool inComment = false;
        foreach (string line in text.Split('\n'))
        {
            string bare = line.Trim();
            bool starts = bare.StartsWith("/**", StringComparison.Ordinal)
                && (bare.EndsWith("*/", StringComparison.Ordinal) || !bare.Contains("*/", StringComparison.Ordinal));
            bool isComment = inComment || starts || bare.StartsWith("//", StringComparison.Ordinal);
            if (isComment) inComment = (inComment || starts) && !bare.EndsWith("*/", StringComparison.Ordinal);
            else slim.Append(bare);
            slim.Append('\n');
        }
        return slim.ToString();
    }
}
