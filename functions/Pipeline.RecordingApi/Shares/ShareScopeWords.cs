using Pipeline.RecordingApi.Catalogue;

namespace Pipeline.RecordingApi.Shares;

/// <summary>Scopes as the wire names them.</summary>
internal static class ShareScopeWords
{
    private static readonly (ShareScopes Scope, string Word)[] All =
        [(ShareScopes.Listen, "listen"), (ShareScopes.Download, "download"), (ShareScopes.Delete, "delete")];

    public static IReadOnlyList<string> Of(ShareScopes scopes) =>
        [.. All.Where(entry => scopes.HasFlag(entry.Scope)).Select(entry => entry.Word)];

    /// <summary>False for an empty list and for any word that is no scope.</summary>
    public static bool TryParse(IEnumerable<string?> words, out ShareScopes scopes)
    {
        scopes = ShareScopes.None;
        foreach (string? word in words)
        {
            ShareScopes scope = All.FirstOrDefault(entry => entry.Word == word).Scope;
            if (scope == ShareScopes.None) return false;
            scopes |= scope;
        }
        return scopes != ShareScopes.None;
    }
}
