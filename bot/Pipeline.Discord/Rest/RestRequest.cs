namespace Pipeline.Discord.Rest;

/// <summary>
/// One request. <see cref="Route"/> is the template that logs and buckets know; <see cref="Major"/> the parameter that has its own
/// limit (channel, guild or webhook).
/// </summary>
internal sealed record RestRequest(HttpMethod Method, string Route, string Path)
{
    public string Major { get; init; } = "";
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Callbacks and follow-ups: no bot token, outside the global limit.</summary>
    public bool IsInteraction { get; init; }

    /// <summary>A second execution does no harm, so a broken connection or a 5xx may be tried again.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>No attempt begins after this timestamp (of the client's TimeProvider); null: no such limit.</summary>
    public long? Deadline { get; init; }

    public string Key => Method.Method + " " + Route;
}
