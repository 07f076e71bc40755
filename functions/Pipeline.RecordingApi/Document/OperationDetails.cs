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
        return Task.CompletedTask;
    }

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
