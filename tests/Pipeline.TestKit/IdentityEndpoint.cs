using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;

namespace Pipeline.TestKit;

/// <summary>
/// The managed identity of a platform on loopback, as App Service offers it (IDENTITY_ENDPOINT, IDENTITY_HEADER): gives an unsigned token
/// for what is asked. The product asks it as it would ask the real one.
/// </summary>
public sealed class IdentityEndpoint : IDisposable
{
    /// <summary>Client id of the user-assigned identity that it knows.</summary>
    public const string ClientId = "5f1ad7ab-31cf-4d3c-9d52-0f3c2d5b7c11";

    private const string Tenant = "0d6e0a4b-8d0e-4c42-9a3c-7f0f4b6f2a10";
    private const string Secret = "loopback";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly HttpListener listener = new();

    public IdentityEndpoint()
    {
        Url = $"http://127.0.0.1:{FreePort.Take(1)[0]}/msi/token";
        listener.Prefixes.Add(new Uri(Url).GetLeftPart(UriPartial.Authority) + "/");
        listener.Start();
        _ = ServeAsync();
    }

    public string Url { get; }

    /// <summary>Query of every request that was answered.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>For a process that shall find it.</summary>
    public IReadOnlyDictionary<string, string?> Environment =>
        new Dictionary<string, string?> { ["IDENTITY_ENDPOINT"] = Url, ["IDENTITY_HEADER"] = Secret };

    public void Dispose() => ((IDisposable)listener).Dispose();

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await listener.GetContextAsync();
                await AnswerAsync(context);
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using HttpListenerResponse response = context.Response;
        bool known = context.Request.Headers["X-IDENTITY-HEADER"] == Secret && context.Request.QueryString["client_id"] == ClientId;
        string resource = context.Request.QueryString["resource"] ?? "";
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string expires = (now + Lifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string body = known
            ? $$"""{"access_token":"{{Token(resource.TrimEnd('/'), now)}}","expires_on":"{{expires}}","resource":"{{resource}}","token_type":"Bearer","client_id":"{{ClientId}}"}"""
            : """{"statusCode":400,"message":"no such identity"}""";
        if (known) Asked.Enqueue(context.Request.Url!.Query);
        response.StatusCode = known ? 200 : 400;
        response.ContentType = "application/json";
        await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
    }

    // The emulator looks at audience, issuer and times, and at no signature.
    private static string Token(string audience, DateTimeOffset now)
    {
        string header = Encode("""{"typ":"JWT","alg":"RS256","kid":"loopback"}""");
        string payload = Encode($$"""{"aud":"{{audience}}","iss":"https://sts.windows.net/{{Tenant}}/","iat":{{now.ToUnixTimeSeconds()}},"nbf":{{(now - TimeSpan.FromMinutes(5)).ToUnixTimeSeconds()}},"exp":{{(now + Lifetime).ToUnixTimeSeconds()}},"appid":"{{ClientId}}","oid":"{{ClientId}}","tid":"{{Tenant}}","ver":"1.0"}""");
        return $"{header}.{payload}.{Encode("unsigned")}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
