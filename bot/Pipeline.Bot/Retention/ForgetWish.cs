using System.Text.Json.Serialization;
using Pipeline.Contracts;

namespace Pipeline.Bot.Retention;

/// <summary>Somebody who wants to be erased and has not heard yet that they are; one small file each.</summary>
/// <param name="Scope"><c>guilds/{id}</c> or <c>recordings/{id}</c>.</param>
internal sealed record ForgetWish(
    [property: JsonNumberHandling(Snowflakes.AsText)] ulong GuildId,
    string Scope,
    [property: JsonNumberHandling(Snowflakes.AsText)] ulong UserId)
{
    /// <summary>When they said so.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The recording API has taken it: what it says from then on is about this wish and not about an earlier one.</summary>
    public bool IsBegun { get; init; }

    /// <summary>Since when nothing but a 404 comes back for it; null: something else came last.</summary>
    public DateTimeOffset? NotThereSince { get; init; }

    [JsonIgnore]
    public bool IsOfOneRecording => Scope.StartsWith("recordings/", StringComparison.Ordinal);

    /// <summary>True for what they were in when they said so; a later recording of that server is another matter.</summary>
    public bool IsAbout(SessionInfo session) => IsOfOneRecording ? Scope == $"recordings/{session.RecordingId}"
        : session.GuildId == GuildId && session.StartedAt <= At;

    [JsonIgnore]
    public string FileName => $"forget-{Scope.Replace('/', '-')}-{UserId}.json";
}

[JsonSerializable(typeof(ForgetWish))]
internal sealed partial class ForgetJsonContext : JsonSerializerContext;
