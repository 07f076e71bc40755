using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;

namespace Pipeline.TestKit;

/// <summary>
/// Holds every answer that a test sees to the OpenAPI document: its status is named there, and its JSON is what the schema says, with no
/// field beside it.
/// </summary>
/// <param name="inner">How to get there; null for a way that follows no redirect and keeps no cookie.</param>
public sealed partial class DocumentedAnswers(Uri address, HttpMessageHandler? inner = null)
    : DelegatingHandler(inner ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
{
    // Of the first app that answers: the document is the same for all.
    private static readonly SemaphoreSlim gate = new(1, 1);
    private static ApiBook? book;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
        // The page's own way to the API.
        string path = PageWay().Replace(request.RequestUri!.AbsolutePath, "/api/recordings/$1");
        if (!path.StartsWith("/api/", StringComparison.Ordinal) || path is "/api/openapi.json"
            || path.StartsWith("/api/r/", StringComparison.Ordinal)
            || request.Method == HttpMethod.Options) return answer;
        await answer.Content.LoadIntoBufferAsync(cancellationToken);
        string? fault = (await BookAsync(cancellationToken))
            .Judge(request.Method.Method, path, answer, await answer.Content.ReadAsStringAsync(cancellationToken));
        return fault is null ? answer
            : throw new InvalidOperationException($"{request.Method} {path} answered {(int)answer.StatusCode}: {fault}");
    }

    [GeneratedRegex("^(?:/api)?/r/([^/]+)/api(?=/|$)")]
    private static partial Regex PageWay();

    private async Task<ApiBook> BookAsync(CancellationToken cancellation)
    {
        if (book is { } known) return known;
        await gate.WaitAsync(cancellation);
        try
        {
            using HttpClient http = new();
            return book ??= new ApiBook(JsonNode.Parse(await http.GetStringAsync(new Uri(address, "/api/openapi.json"), cancellation))!);
        }
        finally
        {
            gate.Release();
        }
    }
}

/// <summary>The OpenAPI document, made ready to judge answers.</summary>
internal sealed partial class ApiBook
{
    private static readonly EvaluationOptions options = new() { OutputFormat = OutputFormat.List };

    // What tells a client where to look, when to ask again, and whether it has the answer.
    private static readonly string[] Telling = ["Location", "ETag", "Retry-After"];

    private readonly List<(Regex Path, JsonObject Item)> paths = [];
    private readonly JsonObject definitions = [];
    private readonly Dictionary<string, JsonSchema> schemas = [];

    public ApiBook(JsonNode document)
    {
        foreach ((string template, JsonNode? item) in document["paths"]!.AsObject())
        {
            string pattern = Hole().Replace(Regex.Escape(template).Replace("\\{", "{", StringComparison.Ordinal), "[^/]+");
            paths.Add((new Regex($"^{pattern}$", RegexOptions.CultureInvariant), item!.AsObject()));
        }
        // The fixed address comes before the one with a hole in it.
        paths.Sort(static (one, other) => Holes(one.Path).CompareTo(Holes(other.Path)));
        foreach ((string name, JsonNode? schema) in document["components"]!["schemas"]!.AsObject())
            definitions[name] = Closed(name, schema!.DeepClone());
    }

    /// <returns>What is wrong; null for an answer that the document describes.</returns>
    public string? Judge(string method, string path, HttpResponseMessage answer, string body)
    {
        (int status, string? mediaType) = ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType);
        JsonObject? item = paths.FirstOrDefault(entry => entry.Path.IsMatch(path)).Item;
        bool isHead = method == "HEAD"; // GET without the body
        if (item?[isHead ? "get" : method.ToLowerInvariant()] is not { } operation)
            return status is 404 or 405 or 401 or 403 ? null : "the document has no such operation";
        JsonObject responses = operation["responses"]!.AsObject();
        if (responses[status.ToString(CultureInfo.InvariantCulture)] is not { } response)
            return $"the document does not name this status; it names {string.Join(", ", responses.Select(known => known.Key))}";
        JsonObject headers = response["headers"]?.AsObject() ?? [];
        string[] lacking = [.. headers.Where(header => (bool?)header.Value!["required"] == true).Select(header => header.Key)
            .Where(name => !answer.Headers.Contains(name))];
        if (lacking.Length > 0) return $"it lacks {string.Join(", ", lacking)}";
        string[] untold = [.. Telling.Where(name => answer.Headers.Contains(name) && !headers.ContainsKey(name))];
        if (untold.Length > 0) return $"the document does not name its {string.Join(", ", untold)}";
        if (isHead) return body.Length > 0 ? "a body" : null;
        if (mediaType is null) return body.Length > 0 ? "a body without a media type" : null;
        if (response["content"]?[mediaType] is not { } content) return $"the document does not name {mediaType}";
        return mediaType.EndsWith("json", StringComparison.Ordinal) ? Judge(content["schema"]!, body) : null;
    }

    private string? Judge(JsonNode schema, string body)
    {
        using JsonDocument answer = JsonDocument.Parse(body);
        EvaluationResults results = SchemaOf(schema).Evaluate(answer.RootElement, options);
        if (results.IsValid) return null;
        IEnumerable<string> faults = (results.Details ?? []).Where(detail => detail.Errors is { Count: > 0 })
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}"));
        return string.Join("; ", faults.Take(5)) + " in " + body[..Math.Min(body.Length, 600)];
    }

    private JsonSchema SchemaOf(JsonNode schema)
    {
        string text = schema.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal);
        lock (schemas)
        {
            if (schemas.TryGetValue(text, out JsonSchema? known)) return known;
            JsonObject root = JsonNode.Parse(text)!.AsObject();
            root["$defs"] = JsonNode.Parse(
                definitions.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
            return schemas[text] = JsonSchema.FromText(root.ToJsonString());
        }
    }

    // An answer with a field that the document does not name is a fault of the document. Settings keep what others have put there.
    private static JsonNode Closed(string name, JsonNode schema)
    {
        if (name != "GuildSettings" && schema is JsonObject known && known["properties"] is not null)
            known.TryAdd("additionalProperties", false);
        return schema;
    }

    private static int Holes(Regex path) => path.ToString().Count(letter => letter == '[');

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Hole();
}
