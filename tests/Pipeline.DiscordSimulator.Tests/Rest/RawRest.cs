using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Pipeline.DiscordSimulator.Tests.Rest;

/// <summary>A plain HTTP client with a bot's headers.</summary>
internal sealed class RawRest : IDisposable
{
    private readonly HttpClient http = new();
    private readonly Simulator discord;

    public RawRest(Simulator discord, string? token = null, string userAgent = "DiscordBot (https://example.org, 1)")
    {
        this.discord = discord;
        http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", userAgent);
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bot " + (token ?? discord.Bot.Token));
    }

    public sealed record Answer(int Status, JsonNode? Body, string Text, HttpResponseHeaders Headers)
    {
        public int? Code => Body is JsonObject ? (int?)Body["code"] : null;

        public string Header(string name) => Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : string.Empty;
    }

    public async Task<Answer> SendAsync(string method, string path, string? body = null)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), discord.ApiBaseUrl + path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        JsonNode? json = response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text) : null;
        return new Answer((int)response.StatusCode, json, text, response.Headers);
    }

    public void Dispose() => http.Dispose();
}
