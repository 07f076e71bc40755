using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Reads a message from a request's body and refuses what Discord refuses (limits of "Message" and "Component").</summary>
internal static class MessageBody
{
    public const long Ephemeral = 64;
    private const long ComponentsV2 = 32768;
    private const int ContentLimit = 2000;
    private const int MentionLimit = 100;
    private const int EmbedLimit = 10;
    private const int RowLimit = 5;
    private const int V2Limit = 40;

    /// <summary>The message after this body; <paramref name="old"/> keeps what the body leaves out.</summary>
    public static RestResult? TryRead(
        JsonObject body, int attachments, TimeSpan now, MessageVersion? old, out MessageVersion version)
    {
        version = new MessageVersion(
            now,
            body.ContainsKey("content") ? body["content"].ReadText() ?? string.Empty : old?.Content ?? string.Empty,
            body.ContainsKey("embeds") ? Clone(body["embeds"]) : old?.Embeds ?? [],
            body.ContainsKey("components") ? Clone(body["components"]) : old?.Components ?? []);
        bool isV2 = ((body["flags"].ReadNumber() ?? 0) & ComponentsV2) != 0;
        if (version.Content.Length > ContentLimit)
            return RestResult.InvalidForm("content", "Must be 2000 or fewer in length.");
        if ((body["allowed_mentions"]?["users"] as JsonArray)?.Count > MentionLimit)
            return RestResult.InvalidForm("allowed_mentions", "users must be 100 or fewer in length.");
        if (version.Embeds.Count > EmbedLimit)
            return RestResult.InvalidForm("embeds", "Must be 10 or fewer in length.");
        if (isV2 && (version.Content.Length > 0 || version.Embeds.Count > 0))
            return RestResult.InvalidForm("flags", "The 'content' and 'embeds' fields cannot be used with IS_COMPONENTS_V2.");
        if (ComponentProblem(version.Components, isV2) is { } problem)
            return RestResult.InvalidForm("components", problem);
        bool isEmpty = version.Content.Length == 0 && version.Embeds.Count == 0 && attachments == 0
            && (version.Components.Count == 0 || !isV2);
        return isEmpty ? RestResult.Error(400, 50006, "Cannot send an empty message") : null;
    }

    private static JsonArray Clone(JsonNode? node) => node is JsonArray array ? (JsonArray)array.DeepClone() : [];

    private static string? ComponentProblem(JsonArray components, bool isV2)
    {
        if (components.Count > (isV2 ? V2Limit : RowLimit))
            return "Too many components.";
        foreach (JsonNode? row in components)
        {
            if (!isV2 && row?["type"].ReadNumber() != 1)
                return "Only action rows stand at the top.";
            if (row?["type"].ReadNumber() == 1 && (row["components"] as JsonArray)?.Count is null or 0 or > RowLimit)
                return "An action row holds 1 to 5 components.";
        }

        MessageText.InteractivePart[] parts = [.. MessageText.Interactive(components)];
        if (parts.Any(part => part.CustomId.Length is 0 or > 100))
            return "custom_id must be between 1 and 100 in length.";
        if (parts.Any(part => part.Label.Length > 80))
            return "label must be 80 or fewer in length.";
        return parts.Select(part => part.CustomId).Distinct().Count() != parts.Length
            ? "Component custom id cannot be duplicated"
            : null;
    }
}
