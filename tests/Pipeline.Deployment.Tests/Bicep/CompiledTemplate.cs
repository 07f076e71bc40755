using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Bicep;

/// <summary>bicep/main.bicep as the real compiler turns it into JSON, once for all tests.</summary>
public sealed class CompiledTemplate
{
    public CompiledTemplate()
    {
        (int exitCode, string errors, string output) = Run("build", RepositoryRoot.Combine("bicep", "main.bicep"), "--stdout");
        Assert.True(exitCode == 0 && errors.Length == 0, errors);
        Root = JsonNode.Parse(output)!.AsObject();
        Resources = [.. Templates(Root).SelectMany(ResourcesOf)];
    }

    public JsonObject Root { get; }

    /// <summary>Every resource of every module, deployments themselves left out.</summary>
    public IReadOnlyList<JsonObject> Resources { get; }

    public IEnumerable<JsonObject> OfType(string type) => Resources.Where(resource => (string?)resource["type"] == type);

    /// <summary>The text of the module that declares resources of this type itself, with its quotes as they were written.</summary>
    public string ModuleOf(string type) => Plain(ModuleWith(type).ToJsonString());

    /// <summary>A variable of the module that declares resources of this type itself.</summary>
    public JsonNode? VariableOf(string type, string name) => ModuleWith(type)["variables"]?[name];

    /// <summary>JSON with the characters that it need not escape.</summary>
    public static string Plain(string json) =>
        json.Replace("\\u0027", "'", StringComparison.Ordinal).Replace("\\u0022", "\"", StringComparison.Ordinal);

    /// <summary>Exit code, standard error, standard output.</summary>
    public static (int ExitCode, string Errors, string Output) Run(params string[] arguments)
    {
        ProcessStartInfo start = new(BicepPath(), arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process bicep = Process.Start(start)!;
        Task<string> errors = bicep.StandardError.ReadToEndAsync();
        string output = bicep.StandardOutput.ReadToEnd();
        bicep.WaitForExit();
        return (bicep.ExitCode, errors.Result, output);
    }

    private JsonObject ModuleWith(string type) =>
        Templates(Root).First(module => ResourcesOf(module).Any(resource => (string?)resource["type"] == type));

    private static string BicepPath()
    {
        string path = typeof(CompiledTemplate).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "BicepPath").Value!.Replace('\\', '/');
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
        return path;
    }

    private static IEnumerable<JsonObject> Templates(JsonObject template)
    {
        yield return template;
        foreach (JsonObject resource in Children(template))
        {
            if (resource["properties"]?["template"] is not JsonObject nested) continue;
            foreach (JsonObject inner in Templates(nested)) yield return inner;
        }
    }

    private static IEnumerable<JsonObject> ResourcesOf(JsonObject template) =>
        Children(template)
            .Where(resource =>
            (string?)resource["type"] != "Microsoft.Resources/deployments" && resource["existing"]?.GetValue<bool>() != true);

    private static IEnumerable<JsonObject> Children(JsonObject template) => template["resources"] switch
    {
        JsonObject named => named.Select(entry => entry.Value!.AsObject()),
        JsonArray list => list.Select(entry => entry!.AsObject()),
        _ => [],
    };
}
