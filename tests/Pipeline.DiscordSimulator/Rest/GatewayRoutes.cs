using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Where the gateway is and who the caller is.</summary>
internal sealed class GatewayRoutes(SimulatedWorld world)
{
    private const int GuildsAtOnce = 200;

    public IEnumerable<RestRoute> Routes =>
    [
        new("GET", "/gateway", false, _ => RestResult.Ok(new JsonObject { ["url"] = world.Gateway.Url })),
        new("GET", "/gateway/bot", true, request => RestResult.Ok(GatewayBot(request.Application!))),
        new("GET", "/users/@me", true, request => RestResult.Ok(request.Application!.User.ToJson())),
        new("GET", "/users/@me/guilds", true, Guilds),
        new("GET", "/users/{user}", true, User),
        new("GET", "/applications/@me", true, request => RestResult.Ok(Application(request.Application!))),
        new("GET", "/oauth2/applications/@me", true, request => RestResult.Ok(Application(request.Application!))),
    ];

    private JsonObject GatewayBot(SimulatedApplication application) => new()
    {
        ["url"] = world.Gateway.Url,
        ["shards"] = application.RecommendedShards,
        ["session_start_limit"] = new JsonObject
        {
            ["total"] = application.SessionStartsTotal,
            ["remaining"] = application.SessionStartsLeft,
            ["reset_after"] = (long)application.SessionStartResetAfter.TotalMilliseconds,
            ["max_concurrency"] = application.MaxConcurrency,
        },
    };

    private static JsonObject Application(SimulatedApplication application) => new()
    {
        ["id"] = Json.Id(application.Id),
        ["name"] = application.User.Username,
        ["description"] = string.Empty,
        ["icon"] = null,
        ["bot_public"] = true,
        ["bot_require_code_grant"] = false,
        ["verify_key"] = new string('0', 64),
        ["flags"] = 0,
        ["bot"] = application.User.ToJson(),
        ["team"] = null,
    };

    private RestResult Guilds(RestRequest request) => RestResult.Ok(new JsonArray([.. world.Guilds
        .Where(guild => guild.Member(request.Application!.Id) is not null && guild.Id > After(request))
        .OrderBy(guild => guild.Id)
        .Take(GuildsAtOnce)
        .Select(guild => (JsonNode)new JsonObject { ["id"] = Json.Id(guild.Id), ["name"] = guild.Name, ["icon"] = null })]));

    private static ulong After(RestRequest request) =>
        ulong.TryParse(request.Query.GetValueOrDefault("after"), CultureInfo.InvariantCulture, out ulong id) ? id : 0;

    private RestResult User(RestRequest request) => world.User(request.Id("user")) is { } user
        ? RestResult.Ok(user.ToJson())
        : RestResult.Error(404, 10013, "Unknown User");
}
