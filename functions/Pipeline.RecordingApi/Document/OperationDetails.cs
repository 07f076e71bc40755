using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Shares;

namespace Pipeline.RecordingApi.Document;

/// <summary>Completes an operation of the document: who may call it, and what its parameters are.</summary>
internal static class OperationDetails
{
    public const string Key = "key";
    public const string KeyInQuery = "keyInQuery";
    public const string Link = "link";

    private const string Snowflake = "^[1-9][0-9]{0,19}$";

    private static readonly string LastPart = (Bounds.Of("parts").Most - 1).ToString(CultureInfo.InvariantCulture);

    private static readonly Dictionary<string, (string Description, OpenApiSchema Schema)> InPath = new()
    {
        ["recordingId"] = ("Which recording", new() { Type = JsonSchemaType.String, Format = "uuid" }),
        ["guildId"] = ("Which server of Discord", new() { Type = JsonSchemaType.String, Pattern = Snowflake }),
        ["userId"] = ("Which person", new() { Type = JsonSchemaType.String, Pattern = Snowflake }),
        ["shareId"] = ("Which link", new() { Type = JsonSchemaType.String, Pattern = "^[0-9a-f]{16}$" }),
        ["part"] = ("Counts from 0", new() { Type = JsonSchemaType.Integer, Minimum = "0", Maximum = LastPart }),
        ["name"] = ("Name of a file, as the list of files has it", new() { Type = JsonSchemaType.String }),
    };

    // What a caller sends who can get such an answer.
    private static readonly Dictionary<string, (string Name, string Description)> Asked = new()
    {
        ["206"] = ("Range", "Some of the bytes (RFC 9110, 14.2)"),
        ["304"] = ("If-None-Match", "Tags of answers that the caller has"),
        ["412"] = ("If-Match", "Tag of what the caller has seen; without it whatever is there is replaced"),
    };

    public static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context,
        CancellationToken cancellation)
    {
        IList<object> metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Security = Security(metadata.OfType<RouteAccess>().LastOrDefault(), context.Document);
        foreach (IOpenApiParameter given in operation.Parameters ?? [])
        {
            if (given is not OpenApiParameter { In: ParameterLocation.Path, Name: { } name } parameter) continue;
            if (InPath.TryGetValue(name, out var known)) (parameter.Description, parameter.Schema) = known;
        }
        foreach (QueryParameter parameter in metadata.OfType<QueryParameter>())
            (operation.Parameters ??= []).Add(parameter.Describe());
        bool takesLinks = metadata.OfType<RouteAccess>().LastOrDefault() is { Scopes: not ShareScopes.None };
        if (takesLinks && context.Description.HttpMethod is not ("GET" or "HEAD"))
            (operation.Parameters ??= []).Add(HeaderOf(AccessCheck.PageHeader, "Any value; who comes by a link must send it"));
        foreach ((string status, IOpenApiResponse response) in operation.Responses ?? [])
        {
            if (Asked.TryGetValue(status, out var asked)) (operation.Parameters ??= []).Add(HeaderOf(asked.Name, asked.Description));
            // Who can be told that nothing has changed, or that something has, gets the tag to say it with.
            bool isTagged = status is "304"
                || (status is "200" && (operation.Responses!.ContainsKey("304") || operation.Responses.ContainsKey("412")));
            if (response is OpenApiResponse said) said.Headers = Told(status, isTagged, operation.OperationId);
        }
        return Task.CompletedTask;
    }

    private static Dictionary<string, IOpenApiHeader>? Told(string status, bool isTagged, string? operation)
    {
        Dictionary<string, IOpenApiHeader> told = [];
        if (isTagged) told["ETag"] = TextHeader("Names this answer, for If-None-Match");
        if (status is "201") told["Location"] = TextHeader("Where what was made lies");
        if (status is "202" && operation is "deleteRecording") told["Location"] = TextHeader("Where it is told how far the deletion is");
        if (status is "302") told["Location"] = TextHeader("Where the bytes are, for a quarter of an hour");
        if (status is "401") told["WWW-Authenticate"] = TextHeader("Which key is asked for");
        if (status is "202" or "429") told["Retry-After"] = TextHeader("Seconds after which asking again makes sense");
        if (status is "503")
            told["Retry-After"] = TextHeader("Seconds after which asking again makes sense, if it is known", isAlwaysThere: false);
        return told.Count > 0 ? told : null;
    }

    private static OpenApiHeader TextHeader(string description, bool isAlwaysThere = true) =>
        new() { Description = description, Required = isAlwaysThere, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static OpenApiParameter HeaderOf(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    /// <summary>The ways in.</summary>
    public static Dictionary<string, IOpenApiSecurityScheme> Schemes() => new()
    {
        [Key] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "x-functions-key",
            Description = "A key of the installation",
        },
        [KeyInQuery] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Query,
            Name = "code",
            Description = "The same key, for callers that cannot send a header",
        },
        [Link] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Cookie,
            Name = ShareSessions.CookieName,
            Description = "The cookie of a share link: one recording, what the link allows",
        },
    };

    private static List<OpenApiSecurityRequirement> Security(RouteAccess? access, OpenApiDocument? document)
    {
        if (access is { Scopes: ShareScopes.None }) return [];
        string[] names = access is null ? [Key, KeyInQuery] : [Key, KeyInQuery, Link];
        return [.. names.Select(name => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] })];
    }
}
