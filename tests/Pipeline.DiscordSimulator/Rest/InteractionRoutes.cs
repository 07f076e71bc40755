using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Answers to interactions: one callback within 3 s, then edits and follow-ups for 15 minutes.</summary>
internal sealed class InteractionRoutes(SimulatedWorld world, InteractionDesk desk)
{
    private const string Webhook = "/webhooks/{webhook}/{token}";
    private const string Message = "/webhooks/{webhook}/{token}/messages/{message}";

    private static readonly TimeSpan CallbackDeadline = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(15);

    public IEnumerable<RestRoute> Routes =>
    [
        new("POST", "/interactions/{interaction}/{token}/callback", false, Callback),
        new("POST", Webhook, false, With(FollowUp)),
        new("GET", Message, false, With(On((_, message, _) => RestResult.Ok(message.ToJson())))),
        new("PATCH", Message, false, With(On(Edit))),
        new("DELETE", Message, false, With(On(Delete))),
    ];

    private RestResult Callback(RestRequest request)
    {
        SimulatedInteraction? interaction = desk.ByToken(request.Value("token"));
        if (interaction is null || interaction.Id != request.Id("interaction"))
            return RestResult.Error(404, 10062, "Unknown interaction");
        if (interaction.CallbackType is not null)
            return RestResult.Error(400, 40060, "Interaction has already been acknowledged.");
        if (world.Loop.Elapsed - interaction.SentAt > CallbackDeadline)
            return RestResult.Error(404, 10062, "Unknown interaction");

        int type = (int)(request.Object["type"].ReadNumber() ?? 0);
        JsonObject data = request.Object["data"] as JsonObject ?? [];
        if (Respond(interaction, type, data, request) is { } error)
            return error;
        interaction.Answer(type, (JsonObject)data.DeepClone());
        interaction.Release();
        return request.Query.GetValueOrDefault("with_response") == "true"
            ? RestResult.Ok(CallbackResponse(interaction, type))
            : RestResult.NoContent;
    }

    private RestResult? Respond(SimulatedInteraction interaction, int type, JsonObject data, RestRequest request)
    {
        bool onComponent = interaction.Source is not null;
        switch (type)
        {
            case 4:
                return CreateOriginal(interaction, data, request);
            case 5:
                interaction.IsThinking = true;
                MessageVersion thinking = new(world.Loop.Elapsed, string.Empty, [], []);
                interaction.Original = NewMessage(interaction, thinking, data["flags"].ReadNumber() ?? 0, []);
                return null;
            case 6 when onComponent:
                interaction.Original = interaction.Source;
                return null;
            case 7 when onComponent:
                interaction.Original = interaction.Source;
                return EditMessage(interaction.Source!, data, 0);
            case 8 when interaction.Kind == InteractionKind.Autocomplete:
                return (data["choices"] as JsonArray)?.Count is null or > 25
                    ? RestResult.InvalidForm("choices", "Must be 25 or fewer in length.")
                    : null;
            case 9 when interaction.Kind != InteractionKind.Modal:
                return ModalProblem(data);
            default:
                return RestResult.InvalidForm("type", $"Type {type} does not fit this interaction.");
        }
    }

    private static RestResult? ModalProblem(JsonObject data)
    {
        if (data["title"].ReadText() is not { Length: > 0 and <= 45 })
            return RestResult.InvalidForm("title", "Must be between 1 and 45 in length.");
        if (data["custom_id"].ReadText() is not { Length: > 0 and <= 100 })
            return RestResult.InvalidForm("custom_id", "Must be between 1 and 100 in length.");
        return (data["components"] as JsonArray)?.Count is null or 0 or > 5
            ? RestResult.InvalidForm("components", "Must be between 1 and 5 in length.")
            : null;
    }

    private RestResult? CreateOriginal(SimulatedInteraction interaction, JsonObject data, RestRequest request)
    {
        if (MessageBody.TryRead(data, request.Attachments.Count, world.Loop.Elapsed, null, out MessageVersion first) is { } error)
            return error;
        interaction.Original = NewMessage(interaction, first, data["flags"].ReadNumber() ?? 0, request.Attachments);
        return null;
    }

    private SimulatedMessage NewMessage(
        SimulatedInteraction interaction, MessageVersion first, long flags, IReadOnlyList<string> attachments)
    {
        SimulatedMessage message = new(
            world.Snowflakes.Next(), interaction.Channel, interaction.Application!.User, world.Now, first)
        {
            Flags = flags,
            IsEphemeral = (flags & MessageBody.Ephemeral) != 0,
            Attachments = attachments,
        };
        interaction.Channel.Add(message);
        return message;
    }

    private static JsonObject CallbackResponse(SimulatedInteraction interaction, int type)
    {
        JsonObject resource = new() { ["type"] = type };
        if (interaction.Original is { } message)
            resource["message"] = message.ToJson();
        return new JsonObject
        {
            ["interaction"] = new JsonObject
            {
                ["id"] = Json.Id(interaction.Id),
                ["type"] = (int)interaction.Kind,
                ["response_message_id"] = Json.Id(interaction.Original?.Id),
                ["response_message_loading"] = interaction.IsThinking,
                ["response_message_ephemeral"] = interaction.IsEphemeral,
            },
            ["resource"] = resource,
        };
    }

    private Func<RestRequest, RestResult> With(Func<RestRequest, SimulatedInteraction, RestResult> answer) => request =>
    {
        SimulatedInteraction? interaction = desk.ByToken(request.Value("token"));
        if (interaction?.CallbackType is null || interaction.Application?.Id != request.Id("webhook"))
            return RestResult.Error(404, 10015, "Unknown Webhook");
        return world.Loop.Elapsed - interaction.SentAt > TokenLifetime
            ? RestResult.Error(401, 50027, "Invalid Webhook Token")
            : answer(request, interaction);
    };

    private static Func<RestRequest, SimulatedInteraction, RestResult> On(
        Func<RestRequest, SimulatedMessage, SimulatedInteraction, RestResult> answer) => (request, interaction) =>
    {
        SimulatedMessage? message = request.Value("message") == "@original"
            ? interaction.Original
            : interaction.FollowUp(request.Id("message"));
        return message is null or { IsDeleted: true }
            ? RestResult.Error(404, 10008, "Unknown Message")
            : answer(request, message, interaction);
    };

    private RestResult FollowUp(RestRequest request, SimulatedInteraction interaction)
    {
        if (MessageBody.TryRead(request.Object, request.Attachments.Count, world.Loop.Elapsed, null, out MessageVersion first)
            is { } error)
            return error;
        SimulatedMessage message = NewMessage(
            interaction, first, request.Object["flags"].ReadNumber() ?? 0, request.Attachments);
        interaction.Add(message);
        return RestResult.Ok(message.ToJson());
    }

    private RestResult Edit(RestRequest request, SimulatedMessage message, SimulatedInteraction interaction)
    {
        if (EditMessage(message, request.Object, request.Attachments.Count) is { } error)
            return error;
        interaction.IsThinking &= message != interaction.Original;
        return RestResult.Ok(message.ToJson());
    }

    private RestResult? EditMessage(SimulatedMessage message, JsonObject body, int attachments)
    {
        if (MessageBody.TryRead(
            body, attachments + message.Attachments.Count, world.Loop.Elapsed, message.Current, out MessageVersion next) is { } error)
            return error;
        message.Edit(next);
        return null;
    }

    private static RestResult Delete(RestRequest request, SimulatedMessage message, SimulatedInteraction interaction)
    {
        message.IsDeleted = true;
        interaction.IsThinking &= message != interaction.Original;
        return RestResult.NoContent;
    }
}
