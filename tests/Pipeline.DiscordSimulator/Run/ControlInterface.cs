using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.Run;

/// <summary>The HTTP interface for scripts: what a person would do and see, as JSON. Loopback only, like everything here.</summary>
internal sealed class ControlInterface(Simulator discord, Action? quit)
{
    public const string Base = "/control";

    private readonly ControlActions actions = new(discord);

    public async Task AnswerAsync(HttpContext context)
    {
        string action = context.Request.Path.Value![Base.Length..].Trim('/');
        try
        {
            using StreamReader reader = new(context.Request.Body);
            string text = await reader.ReadToEndAsync();
            if (text.Length > 0 && !Json.TryObject(text, out _))
                throw new FormatException("The body must be a JSON object.");
            JsonObject body = text.Length == 0 ? [] : (JsonObject)JsonNode.Parse(text)!;
            await WriteAsync(context.Response, 200, await ActAsync(context, action, body));
        }
        catch (Exception problem) when (problem is FormatException or InvalidOperationException or TimeoutException or JsonException)
        {
            await WriteAsync(context.Response, 400, new JsonObject { ["error"] = problem.Message });
        }
    }

    private async Task<JsonNode> ActAsync(HttpContext context, string action, JsonObject body)
    {
        bool reads = HttpMethods.IsGet(context.Request.Method);
        switch (action)
        {
            case "state" when reads:
                return await ControlState.CreateAsync(discord);
            case "messages" when reads:
                return actions.Messages(context.Request.Query["channel"]);
            case "log" when reads:
                return new JsonArray(
                    [.. discord.Log.Containing(context.Request.Query["contains"].ToString()).Select(line => (JsonNode)line)]);
            case "command" when !reads:
                return await actions.CommandAsync(body);
            case "press" when !reads:
                return await actions.PressAsync(body);
            case "modal" when !reads:
                return await actions.ModalAsync(body);
            case "say" when !reads:
                return await actions.SayAsync(body);
            case "fault" when !reads:
                return actions.Fault(body);
            case "conditions" when !reads:
                return actions.Conditions(body);
            case "quit" when !reads:
                quit?.Invoke();
                return new JsonObject { ["quit"] = true };
            default:
                return reads
                    ? throw new FormatException("GET knows state, messages, log.")
                    : actions.Move(action, body);
        }
    }

    private static Task WriteAsync(HttpResponse response, int status, JsonNode body)
    {
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        return response.WriteAsync(body.ToJsonString(new JsonSerializerOptions
        {
            WriteIndented = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }) + "\n");
    }
}
