using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Shares;

namespace Pipeline.RecordingApi.Document;

/// <summary>What a route's handler reads from the query, because it reads it by itself.</summary>
/// <param name="Pattern">Of a text; null for any.</param>
internal sealed record QueryParameter(string Name, string Description, JsonSchemaType Type, long? Least = null, long? Most = null,
    bool IsRequired = false, string? Pattern = null)
{
    public OpenApiParameter Describe() => new()
    {
        Name = Name,
        In = ParameterLocation.Query,
        Description = Description,
        Required = IsRequired,
        Schema = new OpenApiSchema
        {
            Type = Type,
            Minimum = Least?.ToString(CultureInfo.InvariantCulture),
            Maximum = Most?.ToString(CultureInfo.InvariantCulture),
            Pattern = Pattern,
        },
    };
}

/// <summary>Says of a route what the OpenAPI document cannot see by itself.</summary>
internal static class RouteDetails
{
    public const string Problem = "application/problem+json";

    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder route, params QueryParameter[] parameters)
    {
        foreach (QueryParameter parameter in parameters) route.WithMetadata(parameter);
        return route;
    }

    public static RouteHandlerBuilder WithFaults(this RouteHandlerBuilder route, params ReadOnlySpan<int> codes)
    {
        foreach (int code in codes) route.Produces<ProblemBody>(code, Problem);
        return route;
    }

    /// <summary>
    /// Faults that follow from what a route is: who may come, and whether it takes a body. A name of ours that is none, a page of another
    /// origin and a body that cannot be parsed are refused everywhere. The storage can be away, and we can be wrong.
    /// </summary>
    public static T WithCommonFaults<T>(this T routes)
        where T : IEndpointConventionBuilder
    {
        routes.Finally(static route =>
        {
            List<int> codes = [StatusCodes.Status400BadRequest, StatusCodes.Status403Forbidden,
                StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable];
            RouteAccess? access = route.Metadata.OfType<RouteAccess>().LastOrDefault();
            if (access is not { Scopes: ShareScopes.None }) codes.Add(StatusCodes.Status401Unauthorized);
            if (route.Metadata.OfType<IAcceptsMetadata>().Any())
                codes.AddRange([StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType]);
            HashSet<int> known = [.. route.Metadata.OfType<IProducesResponseTypeMetadata>()
                .Select(response => response.StatusCode)];
            foreach (int code in codes.Where(code => !known.Contains(code)))
                route.Metadata.Add(new ProducesResponseTypeMetadata(code, typeof(ProblemBody), [Problem]));
        });
        return routes;
    }

    /// <summary>Bytes that are no JSON.</summary>
    public static RouteHandlerBuilder ProducesBytes(this RouteHandlerBuilder route, params ReadOnlySpan<int> codes)
    {
        foreach (int code in codes)
            route.WithMetadata(new ProducesResponseTypeMetadata(code, typeof(Stream), [MediaTypeNames.Application.Octet]));
        return route;
    }
}
