namespace Pipeline.Contracts.Api;

/// <summary>Where a recording API's routes are. Its owner may give its address with <c>/api</c> or a slash behind, or without.</summary>
public static class ApiAddress
{
    private const string Prefix = "/api";

    /// <summary>The address of <c>/api/…</c> on a service.</summary>
    /// <param name="path">Without a leading slash: <c>recordings/init-live</c>.</param>
    public static Uri Of(Uri service, string path) => new($"{Trimmed(service)}{(HasPrefix(service) ? "" : Prefix)}/{path}");

    /// <summary>What stands before <c>/api</c>, without a slash behind.</summary>
    public static string Root(Uri service) => HasPrefix(service) ? Trimmed(service)[..^Prefix.Length].TrimEnd('/') : Trimmed(service);

    // Of the path alone: a service may be called api.
    private static bool HasPrefix(Uri service) =>
        service.AbsolutePath.TrimEnd('/').EndsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    private static string Trimmed(Uri service) => service.AbsoluteUri.TrimEnd('/');
}
