using System.Text.RegularExpressions;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>A fault of the REST side, limited to requests that fit.</summary>
public abstract record RestFault : Fault
{
    /// <summary>GET, POST, …; null is any.</summary>
    public string? Method { get; init; }

    /// <summary>Regular expression over the path below <c>/api/v10</c>; null is any.</summary>
    public string? Path { get; init; }

    internal bool Hits(string method, string path) =>
        (Method is null || Method == method) && (Path is null || Regex.IsMatch(path, Path));
}
