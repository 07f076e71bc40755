using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>What the Functions host 4.1037 posts to a custom handler, field by field as it was captured from it.</summary>
internal static class HostEnvelope
{
    private static readonly JsonSerializerOptions AsTheHost = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// A queue message: every string is written as JSON into a JSON string, and the message's own fields, arrays aside, are written over the
    /// metadata whatever their case.
    /// </summary>
    public static string Queue(string function, string text)
    {
        JsonObject metadata = new()
        {
            ["DequeueCount"] = "1",
            ["ExpirationTime"] = "2026-11-29T15:31:39+00:00",
            ["Id"] = Quoted("b16d58ce-4cfd-4f91-b667-cdf684122750"),
            ["InsertionTime"] = "2026-11-22T15:31:39+00:00",
            ["NextVisibleTime"] = "2026-11-22T15:41:40+00:00",
            ["PopReceipt"] = Quoted("MjJOb3YyMDI2MTU6MzE6NDBhMTRh"),
            ["sys"] = Sys(function),
        };
        foreach ((string name, JsonNode? value) in FieldsOf(text))
        {
            if (value is JsonArray) continue;
            if (metadata.Select(known => known.Key).FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } same) metadata.Remove(same);
            metadata[name] = value is JsonValue some && some.TryGetValue(out string? word) ? Quoted(word) : value?.DeepClone();
        }
        return Envelope(new JsonObject { ["item"] = Quoted(text) }, metadata);
    }

    public static string Timer(string function) => Envelope(
        new JsonObject { ["timer"] = new JsonObject { ["Schedule"] = new JsonObject { ["AdjustForDST"] = true }, ["ScheduleStatus"] = null, ["IsPastDue"] = false } },
        new JsonObject { ["sys"] = Sys(function) });

    private static string Envelope(JsonObject data, JsonObject metadata) => new JsonObject { ["Data"] = data, ["Metadata"] = metadata }.ToJsonString(AsTheHost);

    private static string Quoted(string text) => JsonSerializer.Serialize(text, AsTheHost);

    private static JsonObject Sys(string function) => new()
    {
        ["MethodName"] = function,
        ["UtcNow"] = "2026-11-22T15:31:40.1594207Z",
        ["RandGuid"] = "6b4003ea-0000-0000-0000-000000000000",
    };

    private static JsonObject FieldsOf(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return []; // plain text
        }
    }
}
