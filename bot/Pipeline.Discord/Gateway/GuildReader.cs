using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>Reads GUILD_CREATE. An element of a list that cannot be read is left out; the rest of the guild stands.</summary>
internal static class GuildReader
{
    /// <param name="previous">What was known: its members' names are kept, because GUILD_CREATE names only some.</param>
    public static Guild ToGuild(GuildPayload payload, Guild? previous)
    {
        ImmutableDictionary<ulong, GuildMember> members = (previous?.Members ?? ImmutableDictionary<ulong, GuildMember>.Empty)
            .SetItems(Elements(payload.Members, GatewayJson.Default.GuildMember)
                .Where(member => member.User is not null)
                .Select(member => KeyValuePair.Create(member.User!.Id, member)));
        return new Guild
        {
            Id = payload.Id,
            Name = payload.Name ?? previous?.Name ?? "",
            OwnerId = payload.OwnerId ?? previous?.OwnerId ?? 0,
            Roles = Roles(payload.Roles),
            Channels = Elements(payload.Channels, GatewayJson.Default.GuildChannel)
                .Select(channel => channel with { GuildId = payload.Id })
                .ToById(channel => channel.Id),
            Members = members,
            VoiceStates = Elements(payload.VoiceStates, GatewayJson.Default.VoiceState)
                .Where(state => state.ChannelId is not null)
                .Select(state => state with { GuildId = payload.Id, Member = members.GetValueOrDefault(state.UserId) })
                .ToById(state => state.UserId),
        };
    }

    public static ImmutableDictionary<ulong, GuildRole> Roles(IReadOnlyList<JsonElement>? list) =>
        Elements(list, GatewayJson.Default.GuildRole).ToById(role => role.Id);

    private static IEnumerable<T> Elements<T>(IReadOnlyList<JsonElement>? list, JsonTypeInfo<T> shape) where T : class
    {
        foreach (JsonElement element in list ?? [])
        {
            if (TryRead(element, shape) is { } value) yield return value;
        }
    }

    private static T? TryRead<T>(JsonElement element, JsonTypeInfo<T> shape) where T : class
    {
        try
        {
            return NullableFields.Read(element, shape);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A later element with the same id replaces an earlier one.</summary>
    private static ImmutableDictionary<ulong, T> ToById<T>(this IEnumerable<T> elements, Func<T, ulong> id) =>
        ImmutableDictionary<ulong, T>.Empty.SetItems(elements.Select(element => KeyValuePair.Create(id(element), element)));
}
