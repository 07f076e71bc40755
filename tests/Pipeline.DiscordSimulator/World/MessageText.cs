using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>Turns content, embeds and components into the lines that a person would read.</summary>
internal static class MessageText
{
    public readonly record struct InteractivePart(string CustomId, string Label, int Type, bool Disabled);

    public static string Render(MessageVersion version)
    {
        List<string> lines = [];
        if (version.Content.Length > 0)
            lines.Add(version.Content);
        foreach (JsonNode? embed in version.Embeds)
            AddEmbed(embed, lines);
        AddComponents(version.Components, lines);
        return string.Join('\n', lines);
    }

    public static IEnumerable<InteractivePart> Interactive(JsonNode? node)
    {
        switch (node)
        {
            case JsonArray array:
                return array.SelectMany(Interactive);
            case JsonObject component:
                IEnumerable<InteractivePart> own = component["custom_id"].ReadText() is { } customId
                    ? [new InteractivePart(
                        customId,
                        component["label"].ReadText() ?? string.Empty,
                        (int)(component["type"].ReadNumber() ?? 0),
                        component["disabled"].ReadBool())]
                    : [];
                return own.Concat(Interactive(component["components"])).Concat(Interactive(component["accessory"]))
                    .Concat(Interactive(component["component"]));
            default:
                return [];
        }
    }

    private static void AddEmbed(JsonNode? embed, List<string> lines)
    {
        AddText(embed?["title"], lines);
        AddText(embed?["description"], lines);
        foreach (JsonNode? field in embed?["fields"] as JsonArray ?? [])
            lines.Add($"{field?["name"].ReadText()}: {field?["value"].ReadText()}");
        AddText(embed?["footer"]?["text"], lines);
    }

    private static void AddComponents(JsonNode? node, List<string> lines)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
                AddComponents(item, lines);
            return;
        }

        if (node is not JsonObject component)
            return;
        AddText(component["content"], lines);
        if (component["type"].ReadNumber() == 1)
        {
            IEnumerable<string> labels = Interactive(component)
                .Select(part => part.Disabled ? $"({part.Label})" : $"[{part.Label}]");
            IEnumerable<string> links = (component["components"] as JsonArray ?? [])
                .Where(child => child?["url"] is not null).Select(child => $"[{child!["label"].ReadText()}↗]");
            lines.Add(string.Join(' ', labels.Concat(links)));
            return;
        }

        AddComponents(component["components"], lines);
        AddComponents(component["accessory"], lines);
    }

    private static void AddText(JsonNode? node, List<string> lines)
    {
        if (node.ReadText() is { Length: > 0 } text)
            lines.Add(text);
    }
}
