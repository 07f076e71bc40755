namespace Pipeline.RecordingApi.Shares;

/// <summary>Who besides the administrator may use a route with a key of their own. Flags: a route has any of them.</summary>
[Flags]
internal enum KeyHolders
{
    None = 0,

    /// <summary>A bot: lists, links, deletion, what files are ready, and what servers have chosen.</summary>
    Bot = 1,

    /// <summary>Somebody who looks and listens and changes nothing.</summary>
    Reader = 2,
}

/// <summary>Metadata of a route: its key holders. A route without it takes the administrator's key only.</summary>
internal sealed record KeyAccess(KeyHolders Holders);

/// <summary>Says it of a route.</summary>
internal static class KeyAccessExtensions
{
    public static T ForKeys<T>(this T route, KeyHolders holders)
        where T : IEndpointConventionBuilder => route.WithMetadata(new KeyAccess(holders));
}
