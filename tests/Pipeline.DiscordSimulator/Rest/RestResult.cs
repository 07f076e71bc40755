using System.Text.Json.Nodes;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>An answer: JSON, HTML (as a proxy in front would send) or nothing.</summary>
internal sealed record RestResult(int Status, JsonNode? Json, string? Html = null)
{
    public static readonly RestResult NoContent = new(204, null);

    public Dictionary<string, string> Headers { get; } = [];

    public static RestResult Ok(JsonNode body) => new(200, body);

    public static RestResult Error(int status, int code, string message) =>
        new(status, new JsonObject { ["message"] = message, ["code"] = code });

    /// <summary>50035 with the path of the first wrong field.</summary>
    public static RestResult InvalidForm(string field, string problem) => new(400, new JsonObject
    {
        ["message"] = "Invalid Form Body",
        ["code"] = 50035,
        ["errors"] = new JsonObject
        {
            [field] = new JsonObject
            {
                ["_errors"] = new JsonArray(new JsonObject { ["code"] = "BASE_TYPE_INVALID", ["message"] = problem }),
            },
        },
    });

    public static RestResult Page(int status, string title) =>
        new(status, null, $"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
}
