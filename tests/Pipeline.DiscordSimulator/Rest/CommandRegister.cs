using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Registered application commands by application and scope.</summary>
internal sealed class CommandRegister
{
    private readonly Dictionary<(ulong Application, ulong? Guild), JsonArray> commands = [];

    /// <summary>Number of bulk overwrites; a bot that compares first needs few.</summary>
    public int Writes { get; private set; }

    public JsonArray Of(ulong applicationId, ulong? guildId) =>
        commands.TryGetValue((applicationId, guildId), out JsonArray? list) ? (JsonArray)list.DeepClone() : [];

    public void Set(ulong applicationId, ulong? guildId, JsonArray list)
    {
        Writes++;
        commands[(applicationId, guildId)] = list;
    }

    /// <summary>A command by name, the guild's own before the global one.</summary>
    public JsonObject? Find(ulong applicationId, ulong? guildId, string name) =>
        Of(applicationId, guildId).Concat(Of(applicationId, null)).OfType<JsonObject>()
            .FirstOrDefault(command => command["name"].ReadText() == name);
}
