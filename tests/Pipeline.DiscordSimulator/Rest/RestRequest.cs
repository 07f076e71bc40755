using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>A request at its handler: parsed, authorized, with the values of its route.</summary>
internal sealed record RestRequest(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Query,
    JsonNode? Body,
    IReadOnlyList<string> Attachments,
    SimulatedApplication? Application,
    IReadOnlyDictionary<string, string> Values)
{
    public JsonObject Object => Body as JsonObject ?? [];

    public string Value(string name) => Values[name];

    public ulong Id(string name) =>
        ulong.TryParse(Values[name], CultureInfo.InvariantCulture, out ulong id) ? id : 0;
}
