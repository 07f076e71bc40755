using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>Somebody with a browser: no key, and the cookies that were given are sent wherever the visitor chooses.</summary>
internal sealed class Visitor(Uri address) : IDisposable
{
    private readonly HttpClient http = new(
        new DocumentedAnswers(address))
    { BaseAddress = address };

    /// <summary>As sent back: <c>name=value</c>.</summary>
    public string? Cookie { get; set; }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json = null,
        params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative));
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (Cookie is not null) request.Headers.Add("Cookie", Cookie);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string? json = null,
        params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage answer = await SendAsync(method, path, json, headers);
        return answer.StatusCode;
    }

    /// <summary>Opens a link as the page does, and keeps the cookie.</summary>
    /// <returns>The whole Set-Cookie line; null where the link was refused.</returns>
    public async Task<string?> OpenAsync(RecordingId recording, string secret, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, $"/api/recordings/{recording}/session",
            new JsonObject { ["key"] = secret }.ToJsonString(), headers);
        if (answer.StatusCode != HttpStatusCode.NoContent) return null;
        string line = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Cookie = line.Split(';')[0];
        return line;
    }

    /// <summary>Makes a link with the key.</summary>
    public static async Task<ShareDetails> ShareAsync(App app, RecordingId recording, string key, params string[] scopes)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri($"/api/recordings/{recording}/shares", UriKind.Relative));
        request.Headers.Add("x-functions-key", key);
        request.Content = new StringContent(
            JsonSerializer.Serialize(new ShareRequest { Scopes = scopes }, WireJsonContext.Default.ShareRequest), Encoding.UTF8,
            "application/json");
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return await app.ReadAsync(answer, WireJsonContext.Default.ShareDetails);
    }

    public static string SecretOf(ShareDetails link) => link.Url![(link.Url!.IndexOf("#k=", StringComparison.Ordinal) + 3)..];

    public void Dispose() => http.Dispose();
}
