using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Reading and overwriting application commands, with Discord's rules for names and options.</summary>
internal sealed partial class CommandRoutes(SimulatedWorld world, CommandRegister register)
{
    private const string Global = "/applications/{application}/commands";
    private const string InGuild = "/applications/{application}/guilds/{guild}/commands";
    private const int MaximumOptions = 25;
    private const int MaximumDescription = 100;

    public IEnumerable<RestRoute> Routes =>
    [
        new("GET", Global, true, Own(request => RestResult.Ok(register.Of(request.Application!.Id, null)))),
        new("PUT", Global, true, Own(request => Overwrite(request, null))),
        new("GET", InGuild, true, Own(request => IsStranger(request, request.Id("guild")) ?? RestResult.Ok(
            register.Of(request.Application!.Id, request.Id("guild"))))),
        new("PUT", InGuild, true, Own(request => Overwrite(request, request.Id("guild")))),
    ];

    [GeneratedRegex(@"^[-_'\p{L}\p{N}]{1,32}$")]
    private static partial Regex NameShape();

    private static Func<RestRequest, RestResult> Own(Func<RestRequest, RestResult> answer) => request =>
        request.Id("application") == request.Application!.Id
            ? answer(request)
            : RestResult.Error(403, 20012, "You are not authorized to perform this action on this application");

    private RestResult? IsStranger(RestRequest request, ulong guild) => world.Guild(guild)?.Member(request.Application!.Id) is null
        ? RestResult.Error(403, 50001, "Missing Access") : null;

    private RestResult Overwrite(RestRequest request, ulong? guildId)
    {
        if (guildId is { } id && IsStranger(request, id) is { } refused) return refused;
        if (request.Body is not JsonArray list)
            return RestResult.InvalidForm("_", "Only iterables may be used in a ListType.");
        if (list.OfType<JsonObject>().Select(Problem).FirstOrDefault(problem => problem is not null) is { } wrong)
            return RestResult.InvalidForm("commands", wrong);

        JsonArray stored = [.. list.OfType<JsonObject>().Select(command => Complete(command, request.Application!, guildId))];
        register.Set(request.Application!.Id, guildId, stored);
        return RestResult.Ok(stored.DeepClone());
    }

    private static string? Problem(JsonObject command)
    {
        string name = command["name"].ReadText() ?? string.Empty;
        bool isSlash = (command["type"].ReadNumber() ?? 1) == 1;
        if (isSlash && (!NameShape().IsMatch(name) || name.Any(char.IsUpper)))
            return $"Command name '{name}' is invalid.";
        if (isSlash && command["description"].ReadText() is not { Length: > 0 and <= MaximumDescription })
            return $"Description of '{name}' must be between 1 and 100 in length.";
        return OptionProblem(name, command["options"]);
    }

    private static string? OptionProblem(string owner, JsonNode? options)
    {
        if (options is not JsonArray list)
            return null;
        if (list.Count > MaximumOptions)
            return $"'{owner}' has more than 25 options.";
        bool optionalSeen = false;
        foreach (JsonObject option in list.OfType<JsonObject>())
        {
            bool required = option["required"].ReadBool();
            if (required && optionalSeen)
                return $"'{owner}': required options must be placed before non-required options.";
            optionalSeen |= !required && (option["type"].ReadNumber() ?? 0) > 2;
            if ((option["choices"] as JsonArray)?.Count > MaximumOptions)
                return $"'{owner}': more than 25 choices.";
            if (Problem(option) is { } problem)
                return problem;
        }

        return null;
    }

    private JsonObject Complete(JsonObject command, SimulatedApplication application, ulong? guildId)
    {
        JsonObject stored = (JsonObject)command.DeepClone();
        stored["id"] = Json.Id(world.Snowflakes.Next());
        stored["application_id"] = Json.Id(application.Id);
        stored["version"] = Json.Id(world.Snowflakes.Next());
        if (guildId is not null)
            stored["guild_id"] = Json.Id(guildId);
        Default(stored, "type", 1);
        Default(stored, "nsfw", false);
        Default(stored, "default_member_permissions", null);
        Default(stored, "name_localizations", null);
        Default(stored, "description_localizations", null);
        return stored;
    }

    private static void Default(JsonObject command, string name, JsonNode? value)
    {
        if (!command.ContainsKey(name))
            command[name] = value;
    }
}
