namespace Pipeline.DiscordSimulator.Rest;

/// <summary>A route: method, template with <c>{names}</c>, what it asks for and who answers.</summary>
/// <param name="Method">GET, PUT, …</param>
/// <param name="Template">Below <c>/api/v10</c>.</param>
/// <param name="NeedsToken">False for routes that a token in the path authorizes; those do not count globally either.</param>
/// <param name="Handler">Runs on the event loop.</param>
internal sealed record RestRoute(string Method, string Template, bool NeedsToken, Func<RestRequest, RestResult> Handler)
{
    private readonly string[] parts = Template.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Values of the template's names, or null when the path does not fit.</summary>
    public Dictionary<string, string>? Match(string method, string[] path)
    {
        if (method != Method || path.Length != parts.Length)
            return null;
        Dictionary<string, string> values = [];
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i][0] == '{')
                values[parts[i][1..^1]] = path[i];
            else if (parts[i] != path[i])
                return null;
        }

        return values;
    }

    /// <summary>Guild, channel, or webhook and its token: what a rate limit is counted by beside the route.</summary>
    public static string MajorParameter(IReadOnlyDictionary<string, string> values)
    {
        foreach (string name in (string[])["channel", "guild", "webhook"])
        {
            if (values.TryGetValue(name, out string? id))
                return id + (values.TryGetValue("token", out string? token) ? "/" + token : string.Empty);
        }

        return string.Empty;
    }
}
