using Pipeline.RecordingApi.Catalogue;

namespace Pipeline.RecordingApi.Shares;

/// <summary>Metadata of a route: who besides the owner of the key may use it. A route without it takes the key only.</summary>
/// <param name="Scopes">What a share link must allow, one of these; none where everybody may come.</param>
internal sealed record RouteAccess(ShareScopes Scopes);

/// <summary>Says it of a route.</summary>
public static class RouteAccessExtensions
{
    /// <summary>The route's <c>recordingId</c> may be read with a link that has one of these scopes, and with the key as ever.</summary>
    public static T ForShares<T>(this T route, ShareScopes scopes)
        where T : IEndpointConventionBuilder => route.WithMetadata(new RouteAccess(scopes));

    /// <summary>The route tells nothing that needs a right, or asks for one itself.</summary>
    public static T ForEverybody<T>(this T route)
        where T : IEndpointConventionBuilder => route.WithMetadata(new RouteAccess(ShareScopes.None));
}
