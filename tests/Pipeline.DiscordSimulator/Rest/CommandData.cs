using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Builds <c>data</c> of a command interaction from the registered definition, as Discord's client does.</summary>
internal static class CommandData
{
    private const int Subcommand = 1;
    private const int SubcommandGroup = 2;

    public static JsonObject Create(JsonObject definition, string[] path, IReadOnlyDictionary<string, object> values) =>
        Envelope(definition, path, level => [.. Options(level, values)]);

    public static JsonObject CreateFocused(JsonObject definition, string[] path, string option, string typed) =>
        Envelope(definition, path, _ => [new JsonObject
        {
            ["name"] = option, ["type"] = 3, ["value"] = typed, ["focused"] = true,
        }]);

    /// <summary>Adds <c>resolved</c> for users, channels and roles that the options name.</summary>
    public static void Resolve(JsonObject data, SimulatedWorld world, SimulatedGuild guild)
    {
        JsonObject resolved = [];
        foreach (JsonObject option in Leaves(data["options"]))
        {
            if (option["value"].ReadId() is not { } id)
                continue;
            string key = id.ToString(CultureInfo.InvariantCulture);
            switch (option["type"].ReadNumber())
            {
                case 6 when world.User(id) is { } user:
                    Section(resolved, "users")[key] = user.ToJson();
                    if (guild.Member(id) is { } member)
                        Section(resolved, "members")[key] = member.ToJson(withUser: false);
                    break;
                case 7 when world.Channel(id) is { } channel:
                    Section(resolved, "channels")[key] = channel.ToJson(withGuild: false);
                    break;
                case 8 when guild.Roles.FirstOrDefault(role => role.Id == id) is { } role:
                    Section(resolved, "roles")[key] = role.ToJson(1);
                    break;
            }
        }

        if (resolved.Count > 0)
            data["resolved"] = resolved;
    }

    private static JsonObject Envelope(JsonObject definition, string[] path, Func<JsonObject, JsonArray> leaves)
    {
        JsonObject level = definition;
        List<JsonObject> chain = [];
        foreach (string name in path)
        {
            level = Child(level, name);
            chain.Add(new JsonObject { ["name"] = name, ["type"] = level["type"].ReadNumber() });
        }

        if (Children(level).Any(child => child["type"].ReadNumber() is Subcommand or SubcommandGroup))
            throw new InvalidOperationException($"/{definition["name"].ReadText()} needs a subcommand.");
        JsonArray options = leaves(level);
        for (int i = chain.Count - 1; i >= 0; i--)
        {
            chain[i]["options"] = options;
            options = [chain[i]];
        }

        JsonObject data = new()
        {
            ["id"] = definition["id"]?.DeepClone(),
            ["name"] = definition["name"].ReadText(),
            ["type"] = 1,
        };
        if (options.Count > 0)
            data["options"] = options;
        if (definition["guild_id"] is { } guildId)
            data["guild_id"] = guildId.DeepClone();
        return data;
    }

    private static IEnumerable<JsonNode> Options(JsonObject level, IReadOnlyDictionary<string, object> values)
    {
        foreach (string name in values.Keys)
            _ = Child(level, name);
        foreach (JsonObject option in Children(level))
        {
            string name = option["name"].ReadText()!;
            if (values.TryGetValue(name, out object? value))
                yield return new JsonObject { ["name"] = name, ["type"] = option["type"].ReadNumber(), ["value"] = Value(value) };
            else if (option["required"].ReadBool())
                throw new InvalidOperationException($"Option {name} is required.");
        }
    }

    private static JsonNode Value(object value) => value switch
    {
        SimulatedChannel channel => Json.Id(channel.Id),
        SimulatedMember member => Json.Id(member.Id),
        SimulatedUser user => Json.Id(user.Id),
        SimulatedRole role => Json.Id(role.Id),
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        _ => JsonValue.Create(value.ToString() ?? string.Empty),
    };

    private static IEnumerable<JsonObject> Children(JsonObject level) =>
        (level["options"] as JsonArray ?? []).OfType<JsonObject>();

    private static JsonObject Child(JsonObject level, string name) =>
        Children(level).FirstOrDefault(child => child["name"].ReadText() == name)
        ?? throw new InvalidOperationException($"'{level["name"].ReadText()}' has no option '{name}'.");

    private static IEnumerable<JsonObject> Leaves(JsonNode? options) => (options as JsonArray ?? []).OfType<JsonObject>()
        .SelectMany(option => option["options"] is JsonArray ? Leaves(option["options"]) : [option]);

    private static JsonObject Section(JsonObject resolved, string name)
    {
        if (resolved[name] is not JsonObject section)
            resolved[name] = section = [];
        return section;
    }
}
