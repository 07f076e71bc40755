using System.Text.RegularExpressions;
using Pipeline.TestKit;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary>infra/compose.yaml as a container engine reads it: anchors merged, variables filled in.</summary>
internal sealed partial class ComposeFile
{
    private readonly YamlMappingNode root;

    private ComposeFile(YamlMappingNode root) => this.root = root;

    public IEnumerable<string> Services => Map(root, "services").Children.Keys.Select(Text);
    public IEnumerable<string> Volumes => Map(root, "volumes").Children.Keys.Select(Text);
    public IEnumerable<string> TopLevel => root.Children.Keys.Select(Text);

    public static ComposeFile Read()
    {
        using StreamReader file = File.OpenText(RepositoryRoot.Combine("infra", "compose.yaml"));
        YamlStream stream = [];
        stream.Load(new MergingParser(new Parser(file)));
        return new ComposeFile((YamlMappingNode)stream.Documents[0].RootNode);
    }

    public IEnumerable<string> Keys(string service) => Service(service).Children.Keys.Select(Text);

    public string? Value(string service, string key) =>
        Service(service).Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node) && node is YamlScalarNode scalar
            ? scalar.Value : null;

    public IReadOnlyList<string> List(string service, string key) =>
        Service(service).Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node) && node is YamlSequenceNode list
            ? [.. list.Children.Select(Text)] : [];

    /// <summary>A service's variables; values may name variables of the owner's shell.</summary>
    public IReadOnlyDictionary<string, string> Environment(string service) =>
        Map(Service(service), "environment").Children.ToDictionary(pair => Text(pair.Key), pair => Text(pair.Value));

    /// <summary>A value with the shell's variables in it, by compose's rules.</summary>
    /// <exception cref="InvalidOperationException">One that has to be set is not; the message is what the file says then.</exception>
    public static string Fill(string value, IReadOnlyDictionary<string, string> shell) => Variable().Replace(value, match =>
    {
        if (shell.TryGetValue(match.Groups["name"].Value, out string? given)) return given;
        return match.Groups["rule"].Value switch
        {
            ":-" => match.Groups["text"].Value,
            ":?" => throw new InvalidOperationException(match.Groups["text"].Value),
            _ => "",
        };
    });

    private YamlMappingNode Service(string name) => Map(Map(root, "services"), name);

    private static YamlMappingNode Map(YamlMappingNode node, string key) => (YamlMappingNode)node.Children[new YamlScalarNode(key)];

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value ?? "";

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)(?:(?<rule>:[-?])(?<text>[^}]*))?\}")]
    private static partial Regex Variable();
}
