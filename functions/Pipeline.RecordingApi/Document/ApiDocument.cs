using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Document;

/// <summary>The OpenAPI document, at <c>/api/openapi.json</c>.</summary>
internal static class ApiDocument
{
    private const string Description = """
        Recordings of Discord voice calls. Ids of Discord are decimal strings, times named …Time are Unix milliseconds, times named …At
        are ISO 8601 with a zone, positions are samples at 48 kHz since the start. Fields that a request has and this document does not are
        passed over; one that stands twice is refused. Faults are problem details (RFC 9457).
        """;

    public static void AddApiDocument(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJsonContext.Default);
            // Numbers are numbers on this wire; the default would take texts too, and say so.
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddOpenApi(document =>
        {
            document.AddSchemaTransformer(SchemaDetails.DescribeAsync);
            document.AddOperationTransformer(OperationDetails.DescribeAsync);
            document.AddDocumentTransformer(DescribeAsync);
        });
    }

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Pipeline recording API",
            Version = "1",
            Description = Description.ReplaceLineEndings(" "),
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };
        document.Servers = [new OpenApiServer { Url = "/", Description = "Where this document lies" }];
        (document.Components ??= new OpenApiComponents()).SecuritySchemes = OperationDetails.Schemes();
        document.Tags = new HashSet<OpenApiTag>
        {
            new() { Name = "recordings", Description = "From the start of a recording to its files" },
            new() { Name = "settings", Description = "What a server has chosen, and who does not want to be recorded" },
            new() { Name = "events", Description = "What has happened, and who is told of it" },
            new() { Name = "operations", Description = "How the installation is" },
        };
        return Task.CompletedTask;
    }
}
