using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Run;

/// <summary>The acts behind <see cref="ControlInterface"/>. Names and ids both find members and channels.</summary>
internal sealed class ControlActions(Simulator discord)
{
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(20);

    private static readonly JsonSerializerOptions Reading = new()
    {
        PropertyNameCaseInsensitive = true,
        Converters = { new SecondsConverter() },
    };

    private readonly Dictionary<ulong, SimulatedInteraction> interactions = [];

    public JsonArray Messages(string? channel)
    {
        IEnumerable<SimulatedChannel> channels = channel is null ? discord.AllChannels : [Channel(channel)];
        return [.. channels.SelectMany(found => found.Messages).OrderBy(message => message.Id).Select(Message)];
    }

    public async Task<JsonNode> CommandAsync(JsonObject body)
    {
        Dictionary<string, object> options = [];
        foreach ((string name, JsonNode? value) in body["options"] as JsonObject ?? [])
            options[name] = OptionValue(value);
        SimulatedInteraction interaction = await discord.Interactions.SlashCommandAsync(
            Member(body), Channel(body["channel"].ReadText() ?? discord.TextChannel.Name), Text(body, "command"), options);
        return await AnswerAsync(interaction, body);
    }

    public async Task<JsonNode> PressAsync(JsonObject body)
    {
        string label = Text(body, "label");
        SimulatedMessage message = discord.AllChannels
            .SelectMany(channel => channel.Messages)
            .Where(candidate => !candidate.IsDeleted && candidate.ButtonWithLabel(label) is not null)
            .MaxBy(candidate => candidate.Id)
            ?? throw new InvalidOperationException($"No message has an enabled button labelled {label}.");
        string customId = message.ButtonWithLabel(label)!;
        return await AnswerAsync(await discord.Interactions.PressAsync(Member(body), message, customId), body);
    }

    public async Task<JsonNode> ModalAsync(JsonObject body)
    {
        ulong id = body["interaction"].ReadId() ?? throw new FormatException("'interaction' must be the id that opened the modal.");
        if (!interactions.TryGetValue(id, out SimulatedInteraction? opened))
            throw new InvalidOperationException($"There was no interaction {id}.");
        Dictionary<string, string> fields = (body["fields"] as JsonObject ?? [])
            .ToDictionary(field => field.Key, field => field.Value?.ToString() ?? string.Empty);
        return await AnswerAsync(await discord.Interactions.SubmitModalAsync(opened.Member, opened, fields), body);
    }

    public async Task<JsonNode> SayAsync(JsonObject body)
    {
        string? name = body["speaker"].ReadText();
        SimulatedSpeaker[] speakers = [.. discord.Speakers
            .Where(speaker => speaker.Script is not null && (name ?? speaker.Member.User.Username) == speaker.Member.User.Username)];
        DiscordJsPeer[] peers = [.. discord.Peers
            .Where(peer => peer.Script is not null && (name ?? peer.Application.User.Username) == peer.Application.User.Username)];
        if (speakers.Length + peers.Length == 0)
            throw new InvalidOperationException($"No speaker {name} with something to say.");
        Task said = Task.WhenAll([
            .. speakers.Select(speaker => speaker.SayAsync(speaker.Script!)),
            .. peers.Select(peer => peer.SayAsync(peer.Script!)),
        ]);
        if (body["wait"].ReadBool())
            await said;
        return new JsonObject { ["speakers"] = speakers.Length + peers.Length, ["done"] = said.IsCompleted };
    }

    public JsonNode Fault(JsonObject body)
    {
        string kind = Text(body, "kind");
        Type? type = typeof(Fault).Assembly.GetType($"{typeof(Fault).Namespace}.{kind}");
        if (type is null || type.IsAbstract || !type.IsSubclassOf(typeof(Fault)))
            throw new FormatException($"There is no fault {kind}.");
        discord.Faults.Add((Fault)body.Deserialize(type, Reading)!);
        return new JsonObject { ["added"] = kind };
    }

    public JsonNode Conditions(JsonObject body)
    {
        discord.Conditions = body.Deserialize<MediaConditions>(Reading)!;
        return new JsonObject { ["conditions"] = discord.Conditions.ToString() };
    }

    /// <summary>join, leave, kick, deafen, mute.</summary>
    public JsonNode Move(string action, JsonObject body)
    {
        SimulatedMember member = Member(body);
        bool on = !body.ContainsKey("on") || body["on"].ReadBool();
        switch (action)
        {
            case "join":
                member.Guild.Join(member, Channel(Text(body, "channel")));
                break;
            case "leave" or "kick":
                member.Guild.Kick(member);
                break;
            case "deafen":
                member.Guild.Deafen(member, on);
                break;
            case "mute":
                member.Guild.Mute(member, on);
                break;
            default:
                throw new FormatException(
                    "POST knows command, press, modal, say, join, leave, kick, deafen, mute, fault, conditions, quit.");
        }

        return new JsonObject { ["member"] = member.DisplayName, ["channel"] = member.Guild.VoiceStateOf(member.Id)?.Channel?.Name };
    }

    private static string Text(JsonObject body, string name) =>
        body[name].ReadText() ?? throw new FormatException($"'{name}' is missing.");

    private static JsonNode Message(SimulatedMessage message) => new JsonObject
    {
        ["id"] = Json.Id(message.Id),
        ["channel"] = message.Channel.Name,
        ["author"] = message.Author.Username,
        ["ephemeral"] = message.IsEphemeral,
        ["deleted"] = message.IsDeleted,
        ["text"] = message.Text,
        ["versions"] = new JsonArray([.. message.Versions.Select(version => (JsonNode)new JsonObject
        {
            ["atSeconds"] = version.At.TotalSeconds,
            ["text"] = version.Text,
        })]),
    };

    private async Task<JsonNode> AnswerAsync(SimulatedInteraction interaction, JsonObject body)
    {
        interactions[interaction.Id] = interaction;
        TimeSpan patience = body["waitSeconds"].ReadNumber() is { } seconds ? TimeSpan.FromSeconds(seconds) : AnswerPatience;
        await interaction.Answered.WaitAsync(patience);
        await Simulator.WaitUntilAsync(() => !interaction.IsThinking, patience);
        return new JsonObject
        {
            ["interaction"] = Json.Id(interaction.Id),
            ["callbackType"] = interaction.CallbackType,
            ["latencySeconds"] = interaction.Latency?.TotalSeconds,
            ["ephemeral"] = interaction.IsEphemeral,
            ["text"] = interaction.Text,
            ["data"] = interaction.CallbackData?.DeepClone(),
        };
    }

    private SimulatedMember Member(JsonObject body)
    {
        if (body["member"].ReadText() is not { } name)
            return discord.Guild.Owner;
        return discord.Guilds.SelectMany(guild => guild.Members).FirstOrDefault(member =>
                member.User.Username == name || member.Id.ToString(CultureInfo.InvariantCulture) == name)
            ?? discord.Guild.AddMember(name);
    }

    private SimulatedChannel Channel(string name) =>
        discord.AllChannels.FirstOrDefault(channel =>
            channel.Name == name.TrimStart('#') || channel.Id.ToString(CultureInfo.InvariantCulture) == name)
        ?? throw new InvalidOperationException($"There is no channel {name}.");

    private object OptionValue(JsonNode? value) => value switch
    {
        null => string.Empty,
        _ when value.ReadText() is { } text && text.StartsWith('#') => Channel(text),
        _ when value.ReadText() is { } text && text.StartsWith('@') => Member(new JsonObject { ["member"] = text[1..] }),
        _ when value.ReadText() is { } text => text,
        _ when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        _ => value.GetValue<double>(),
    };
}
