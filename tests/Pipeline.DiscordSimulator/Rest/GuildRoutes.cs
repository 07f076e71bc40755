using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Guilds, their members and the bot's own nickname and voice state.</summary>
internal sealed class GuildRoutes(SimulatedWorld world)
{
    private const int NicknameLimit = 32;

    public IEnumerable<RestRoute> Routes =>
    [
        new("GET", "/guilds/{guild}", true, In((_, guild) => RestResult.Ok(guild.ToJson()))),
        new("GET", "/guilds/{guild}/channels", true, In((_, guild) => List(guild.Channels.Select(c => c.ToJson(true))))),
        new("GET", "/guilds/{guild}/roles", true, In((_, guild) => List(guild.Roles.Select((r, i) => r.ToJson(i))))),
        new("GET", "/guilds/{guild}/members/{user}", true, In(Member)),
        new("PATCH", "/guilds/{guild}/members/@me", true, In(Rename)),
        new("GET", "/guilds/{guild}/voice-states/{user}", true, In(VoiceState)),
        new("PATCH", "/guilds/{guild}/voice-states/@me", true, In(Unsuppress)),
    ];

    private Func<RestRequest, RestResult> In(Func<RestRequest, SimulatedGuild, RestResult> answer) => request =>
    {
        SimulatedGuild? guild = world.Guild(request.Id("guild"));
        return guild?.Member(request.Application!.Id) is null
            ? RestResult.Error(404, 10004, "Unknown Guild")
            : answer(request, guild);
    };

    private static RestResult List(IEnumerable<JsonObject> items) => RestResult.Ok(new JsonArray([.. items]));

    private static SimulatedMember? Find(RestRequest request, SimulatedGuild guild) =>
        guild.Member(request.Value("user") == "@me" ? request.Application!.Id : request.Id("user"));

    private static RestResult Member(RestRequest request, SimulatedGuild guild) =>
        Find(request, guild) is { } member
            ? RestResult.Ok(member.ToJson())
            : RestResult.Error(404, 10007, "Unknown Member");

    private static RestResult VoiceState(RestRequest request, SimulatedGuild guild) =>
        Find(request, guild) is { } member && guild.VoiceStateOf(member.Id) is { } state
            ? RestResult.Ok(state.ToJson(withGuild: true))
            : RestResult.Error(404, 10065, "Unknown Voice State");

    private RestResult Rename(RestRequest request, SimulatedGuild guild)
    {
        SimulatedMember self = guild.Member(request.Application!.Id)!;
        if (!request.Object.ContainsKey("nick"))
            return RestResult.Ok(self.ToJson());
        if (!PermissionRules.Resolve(self, null).HasFlag(Permissions.ChangeNickname))
            return RestResult.Error(403, 50013, "Missing Permissions");
        string? nickname = request.Object["nick"].ReadText();
        if (nickname?.Length > NicknameLimit)
            return RestResult.InvalidForm("nick", "Must be 32 or fewer in length.");
        self.Rename(string.IsNullOrEmpty(nickname) ? null : nickname);
        JsonObject update = self.ToJson();
        update["guild_id"] = Json.Id(guild.Id);
        // Updates of oneself come without the members intent (Discord "Gateway Events", Guild Member Update).
        world.Gateway.DispatchTo(self.Id, guild, "GUILD_MEMBER_UPDATE", update);
        return RestResult.Ok(self.ToJson());
    }

    private RestResult Unsuppress(RestRequest request, SimulatedGuild guild)
    {
        SimulatedMember self = guild.Member(request.Application!.Id)!;
        SimulatedChannel? stage = guild.VoiceStateOf(self.Id)?.Channel;
        if (stage?.Kind != ChannelKind.Stage)
            return RestResult.Error(400, 10065, "Unknown Voice State");
        bool suppress = request.Object["suppress"].ReadBool();
        if (!suppress && !PermissionRules.Resolve(self, stage).HasFlag(Permissions.MuteMembers))
            return RestResult.Error(403, 50013, "Missing Permissions");
        world.Voice.Change(self, state => state with { Suppress = suppress });
        return RestResult.NoContent;
    }
}
