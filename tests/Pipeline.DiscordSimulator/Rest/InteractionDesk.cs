using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>What people do with a bot: slash commands, buttons, modals. Each call sends INTERACTION_CREATE and returns at once.</summary>
public sealed class InteractionDesk
{
    private readonly SimulatedWorld world;
    private readonly Dictionary<string, SimulatedInteraction> byToken = [];

    internal InteractionDesk(SimulatedWorld world) => this.world = world;

    internal CommandRegister? Commands { get; set; }

    /// <summary>Types a slash command.</summary>
    /// <param name="member">Who.</param>
    /// <param name="channel">Where.</param>
    /// <param name="command">Name with subcommands, for example <c>record start</c>; must be registered.</param>
    /// <param name="options">Values by name: text, number, bool, or an object of the simulator (channel, member, role).</param>
    /// <param name="application">Whose command; null is the first application that has it.</param>
    /// <exception cref="InvalidOperationException">Not registered, an option is unknown or missing, or the member may not use
    /// it.</exception>
    public Task<SimulatedInteraction> SlashCommandAsync(
        SimulatedMember member,
        SimulatedChannel channel,
        string command,
        IReadOnlyDictionary<string, object>? options = null,
        SimulatedApplication? application = null) => world.Loop.RunAsync(() =>
    {
        string[] path = command.TrimStart('/').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (SimulatedApplication owner, JsonObject definition) = FindCommand(member, path[0], application);
        RequirePermission(member, channel, definition);
        JsonObject data = CommandData.Create(definition, path[1..], options ?? new Dictionary<string, object>());
        return Send(owner, InteractionKind.Command, member, channel, data, null);
    });

    /// <summary>Presses a button, or chooses from a select.</summary>
    /// <exception cref="InvalidOperationException">The message has no such enabled component.</exception>
    public Task<SimulatedInteraction> PressAsync(
        SimulatedMember member, SimulatedMessage message, string customId, params string[] values) =>
        world.Loop.RunAsync(() =>
        {
            MessageText.InteractivePart part = MessageText.Interactive(message.Current.Components)
                .FirstOrDefault(candidate => candidate.CustomId == customId && !candidate.Disabled);
            if (part.CustomId is null)
                throw new InvalidOperationException($"No enabled component {customId} on: {message.Text}");
            JsonObject data = new() { ["custom_id"] = customId, ["component_type"] = part.Type, ["id"] = 1 };
            if (values.Length > 0)
                data["values"] = new JsonArray([.. values.Select(value => (JsonNode)value)]);
            return Send(ApplicationOf(message.Author), InteractionKind.Component, member, message.Channel, data, message);
        });

    /// <summary>Sends off the modal with which the bot answered an interaction.</summary>
    /// <param name="member">Who.</param>
    /// <param name="opened">The interaction that was answered with a modal.</param>
    /// <param name="fields">Values by custom id of the inputs.</param>
    public Task<SimulatedInteraction> SubmitModalAsync(
        SimulatedMember member, SimulatedInteraction opened, IReadOnlyDictionary<string, string> fields) =>
        world.Loop.RunAsync(() =>
        {
            if (opened.CallbackType != 9)
                throw new InvalidOperationException("The interaction was not answered with a modal.");
            JsonArray rows = [.. MessageText.Interactive(opened.CallbackData?["components"]).Select(part => Row(part, fields))];
            JsonObject data = new()
            {
                ["custom_id"] = opened.CallbackData!["custom_id"].ReadText(),
                ["components"] = rows,
            };
            return Send(opened.Application!, InteractionKind.Modal, member, opened.Channel, data, opened.Source);
        });

    /// <summary>Types into an option that offers suggestions.</summary>
    public Task<SimulatedInteraction> AutocompleteAsync(
        SimulatedMember member, SimulatedChannel channel, string command, string option, string typed) =>
        world.Loop.RunAsync(() =>
        {
            string[] path = command.TrimStart('/').Split(' ', StringSplitOptions.RemoveEmptyEntries);
            (SimulatedApplication owner, JsonObject definition) = FindCommand(member, path[0], null);
            JsonObject data = CommandData.CreateFocused(definition, path[1..], option, typed);
            return Send(owner, InteractionKind.Autocomplete, member, channel, data, null);
        });

    internal SimulatedInteraction? ByToken(string token) => byToken.GetValueOrDefault(token);

    private static JsonObject Row(MessageText.InteractivePart part, IReadOnlyDictionary<string, string> fields) => new JsonObject
    {
        ["type"] = 1,
        ["components"] = new JsonArray(new JsonObject
        {
            ["type"] = 4,
            ["custom_id"] = part.CustomId,
            ["value"] = fields.GetValueOrDefault(part.CustomId) ?? string.Empty,
        }),
    };

    private (SimulatedApplication Owner, JsonObject Definition) FindCommand(
        SimulatedMember member, string name, SimulatedApplication? application)
    {
        foreach (SimulatedApplication candidate in application is null ? world.Applications : [application])
        {
            if (member.Guild.Member(candidate.Id) is not null
                && Commands!.Find(candidate.Id, member.Guild.Id, name) is { } definition)
                return (candidate, definition);
        }

        throw new InvalidOperationException($"No command /{name} is registered in {member.Guild.Name}.");
    }

    private static void RequirePermission(SimulatedMember member, SimulatedChannel channel, JsonObject definition)
    {
        if (definition["default_member_permissions"].ReadText() is not { } text)
            return;
        Permissions needed = (Permissions)ulong.Parse(text, CultureInfo.InvariantCulture);
        Permissions own = PermissionRules.Resolve(member, channel);
        bool allowed = needed == Permissions.None ? own.HasFlag(Permissions.Administrator) : own.HasFlag(needed);
        if (!allowed)
            throw new InvalidOperationException($"{member.DisplayName} does not see /{definition["name"].ReadText()}.");
    }

    private SimulatedApplication ApplicationOf(SimulatedUser user) =>
        world.Application(user.Id) ?? throw new InvalidOperationException("The message is not a bot's.");

    private SimulatedInteraction Send(
        SimulatedApplication application,
        InteractionKind kind,
        SimulatedMember member,
        SimulatedChannel channel,
        JsonObject data,
        SimulatedMessage? source)
    {
        SimulatedInteraction interaction = new(world.Snowflakes.Next(), world.NewToken(32), kind, member, channel, world.Loop)
        {
            Source = source,
            Application = application,
        };
        byToken.Add(interaction.Token, interaction);
        CommandData.Resolve(data, world, member.Guild);
        JsonObject payload = Payload(interaction, data);
        if (!world.Gateway.DispatchTo(application.Id, member.Guild, "INTERACTION_CREATE", payload))
            world.Log.Event("gateway", $"{application.User.Username} is not there to take an interaction");
        return interaction;
    }

    private static JsonObject Payload(SimulatedInteraction interaction, JsonObject data)
    {
        SimulatedMember member = interaction.Member;
        SimulatedMember self = member.Guild.Member(interaction.Application!.Id)!;
        JsonObject caller = member.ToJson();
        caller["permissions"] = Text(PermissionRules.Resolve(member, interaction.Channel));
        JsonObject payload = new()
        {
            ["id"] = Json.Id(interaction.Id),
            ["application_id"] = Json.Id(interaction.Application.Id),
            ["type"] = (int)interaction.Kind,
            ["data"] = data,
            ["guild_id"] = Json.Id(member.Guild.Id),
            ["guild"] = new JsonObject { ["id"] = Json.Id(member.Guild.Id), ["locale"] = "en-US", ["features"] = new JsonArray() },
            ["channel_id"] = Json.Id(interaction.Channel.Id),
            ["channel"] = interaction.Channel.ToJson(withGuild: true),
            ["member"] = caller,
            ["token"] = interaction.Token,
            ["version"] = 1,
            ["app_permissions"] = Text(PermissionRules.Resolve(self, interaction.Channel)),
            ["locale"] = "en-US",
            ["guild_locale"] = "en-US",
            ["entitlements"] = new JsonArray(),
            ["authorizing_integration_owners"] = new JsonObject { ["0"] = Json.Id(member.Guild.Id) },
            ["context"] = 0,
            ["attachment_size_limit"] = 10485760,
        };
        if (interaction.Source is { } message)
            payload["message"] = message.ToJson();
        return payload;
    }

    private static string Text(Permissions permissions) => ((ulong)permissions).ToString(CultureInfo.InvariantCulture);
}
