using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Messages of ordinary and direct channels.</summary>
internal sealed class MessageRoutes(SimulatedWorld world, RateLimiter limiter)
{
    private const string Messages = "/channels/{channel}/messages";
    private const string Message = "/channels/{channel}/messages/{message}";

    public IEnumerable<RestRoute> Routes =>
    [
        new("GET", "/channels/{channel}", true, In(Permissions.ViewChannel, (_, channel) => RestResult.Ok(channel.ToJson(true)))),
        new("GET", Messages, true, In(Permissions.ReadMessageHistory, List)),
        new("POST", Messages, true, In(Permissions.SendMessages, Create)),
        new("GET", Message, true, In(Permissions.ReadMessageHistory, On((_, message) => RestResult.Ok(message.ToJson())))),
        new("PATCH", Message, true, In(Permissions.ViewChannel, On(Edit))),
        new("DELETE", Message, true, In(Permissions.ViewChannel, On(Delete))),
        new("POST", "/channels/{channel}/typing", true, In(Permissions.SendMessages, (_, _) => RestResult.NoContent)),
        new("PUT", "/channels/{channel}/voice-status", true, In(Permissions.SetVoiceChannelStatus, SetVoiceStatus)),
        new("POST", "/users/@me/channels", true, OpenDirect),
    ];

    private Func<RestRequest, RestResult> In(Permissions needed, Func<RestRequest, SimulatedChannel, RestResult> answer) =>
        request =>
        {
            SimulatedChannel? channel = world.Channel(request.Id("channel"));
            if (channel is null)
                return RestResult.Error(404, 10003, "Unknown Channel");
            if (channel.Guild is { } guild)
            {
                if (guild.Member(request.Application!.Id) is not { } self)
                    return RestResult.Error(403, 50001, "Missing Access");
                Permissions own = PermissionRules.Resolve(self, channel);
                if (!own.HasFlag(Permissions.ViewChannel))
                    return RestResult.Error(403, 50001, "Missing Access");
                if (!own.HasFlag(needed))
                    return RestResult.Error(403, 50013, "Missing Permissions");
            }

            return answer(request, channel);
        };

    private static Func<RestRequest, SimulatedChannel, RestResult> On(
        Func<RestRequest, SimulatedMessage, RestResult> answer) => (request, channel) =>
        channel.Message(request.Id("message")) is { } message
            ? answer(request, message)
            : RestResult.Error(404, 10008, "Unknown Message");

    private static RestResult List(RestRequest request, SimulatedChannel channel)
    {
        int limit = int.TryParse(request.Query.GetValueOrDefault("limit"), CultureInfo.InvariantCulture, out int asked)
            ? Math.Clamp(asked, 1, 100)
            : 50;
        return RestResult.Ok(new JsonArray([.. channel.Newest(limit).Select(message => (JsonNode)message.ToJson())]));
    }

    private RestResult Create(RestRequest request, SimulatedChannel channel)
    {
        if (channel.Recipient is { AcceptsDirectMessages: false })
            return RestResult.Error(403, 50007, "Cannot send messages to this user");
        if (MessageBody.TryRead(request.Object, request.Attachments.Count, world.Loop.Elapsed, null, out MessageVersion first)
            is { } error)
            return error;
        SimulatedMessage message = new(world.Snowflakes.Next(), channel, request.Application!.User, world.Now, first)
        {
            Flags = request.Object["flags"].ReadNumber() ?? 0,
            Attachments = request.Attachments,
        };
        channel.Add(message);
        Announce("MESSAGE_CREATE", message);
        return RestResult.Ok(message.ToJson());
    }

    private RestResult Edit(RestRequest request, SimulatedMessage message)
    {
        if (message.Author != request.Application!.User)
            return RestResult.Error(403, 50005, "Cannot edit a message authored by another user");
        if (MessageBody.TryRead(
            request.Object, message.Attachments.Count, world.Loop.Elapsed, message.Current, out MessageVersion next) is { } error)
            return error;
        if (world.Now - message.SentAt > TimeSpan.FromHours(1) && limiter.TakeOldEdit(message.Channel) is { } tooOften)
            return tooOften;
        message.Edit(next);
        Announce("MESSAGE_UPDATE", message);
        return RestResult.Ok(message.ToJson());
    }

    private RestResult Delete(RestRequest request, SimulatedMessage message)
    {
        bool mayDelete = message.Author == request.Application!.User
            || (message.Channel.Guild?.Member(request.Application.Id) is { } self
                && PermissionRules.Resolve(self, message.Channel).HasFlag(Permissions.ManageMessages));
        if (!mayDelete)
            return RestResult.Error(403, 50013, "Missing Permissions");
        message.IsDeleted = true;
        return RestResult.NoContent;
    }

    private static RestResult SetVoiceStatus(RestRequest request, SimulatedChannel channel)
    {
        channel.VoiceStatus = request.Object["status"].ReadText();
        return RestResult.NoContent;
    }

    private RestResult OpenDirect(RestRequest request) =>
        world.User(request.Object["recipient_id"].ReadId()) is { } recipient
            ? RestResult.Ok(world.DirectChannel(recipient).ToJson(withGuild: false))
            : RestResult.Error(400, 50033, "Invalid Recipient(s)");

    private void Announce(string type, SimulatedMessage message)
    {
        if (message.Channel.Guild is not { } guild)
            return;
        JsonObject json = message.ToJson();
        json["guild_id"] = Json.Id(guild.Id);
        world.Gateway.Dispatch(guild, type, json, Gateway.GatewayIntents.Messages);
    }
}
