using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>A voice channel that one bot records by itself while people are in it; part of <see cref="GuildSettings"/>.</summary>
public sealed record AutoRecordRule
{
    public const int MostPeople = 99;

    /// <summary>In one server, of all its bots together.</summary>
    public const int Most = 100;

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong ChannelId { get; init; }

    /// <summary>Whose rule it is: several bots of one server share its settings.</summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong BotId { get; init; }

    /// <summary>So many people start it, 1-99.</summary>
    public required int People { get; init; }

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong SetBy { get; init; }

    /// <summary>Where the panel goes; null: the call's own chat.</summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public ulong? PanelChannelId { get; init; }
}
