using System.Net;
using System.Text;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>What a web page can have a browser on this machine send.</summary>
public sealed class RequestGateTests(AzuriteFixture azurite)
{
    private static readonly Uri Settings = new("api/guilds/779/settings", UriKind.Relative);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Settings, and no recording.
    private static StringContent Nobody() => new("""{"optedOutUserIds":[]}""", Encoding.UTF8, "application/json");

    [Theory]
    [InlineData("Host", "evil.example", HttpStatusCode.BadRequest)]
    [InlineData("Host", "127.0.0.1.evil.example", HttpStatusCode.BadRequest)]
    [InlineData("Host", "localhost", null)]
    [InlineData("Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("x-harmless", "evil.example", null)]
    public async Task Foreign_names_and_origins_are_refused_even_with_the_key(string header, string value, HttpStatusCode? refused)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        string recording = $"api/recordings/{RecordingId.New(TimeProvider.System)}";
        foreach ((HttpMethod method, string path, HttpStatusCode otherwise) in new[]
        {
            (HttpMethod.Get, "api/guilds/779/settings", HttpStatusCode.OK), (HttpMethod.Put, "api/guilds/779/settings", HttpStatusCode.OK),
            (HttpMethod.Post, "api/recordings/init-live", HttpStatusCode.BadRequest),
            (HttpMethod.Delete, recording, HttpStatusCode.NotFound),
        })
        {
            using HttpRequestMessage request = new(method, new Uri(app.Address, path));
            request.Headers.TryAddWithoutValidation(header, value);
            if (method == HttpMethod.Put || method == HttpMethod.Post) request.Content = Nobody();
            using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
            string text = await answer.Content.ReadAsStringAsync(Cancellation);
            Assert.True(answer.StatusCode == (refused ?? otherwise), $"{method} {path}: {answer.StatusCode} {text}");
            // The check of the body has come only where the gate was passed.
            if (method == HttpMethod.Post) Assert.Equal(refused is null, text.Contains("\"errors\"", StringComparison.Ordinal));
        }
    }

    /// <summary>A browser that says no origin says at least from where a request comes.</summary>
    [Theory]
    [InlineData("PUT", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("DELETE", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("GET", "cross-site", HttpStatusCode.OK)]
    [InlineData("PUT", "same-origin", HttpStatusCode.OK)]
    [InlineData("PUT", "none", HttpStatusCode.OK)]
    public async Task Request_of_another_site_changes_nothing_even_with_the_key(string method, string site, HttpStatusCode expected)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        string path = method == "DELETE" ? $"api/recordings/{RecordingId.New(TimeProvider.System)}" : "api/guilds/779/settings";
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(app.Address, path));
        request.Headers.Add("Sec-Fetch-Site", site);
        if (method == "PUT") request.Content = Nobody();
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        Assert.Equal(expected, answer.StatusCode);
    }

    /// <summary>In a container everything is listened on: other containers call by a short name, probes by an address.</summary>
    [Theory]
    [InlineData("https://rec.example.org", null, "rec.example.org", HttpStatusCode.OK)]
    [InlineData("https://rec.example.org", null, "REC.example.org:7071", HttpStatusCode.OK)]
    [InlineData("https://rec.example.org", null, "functions:7071", HttpStatusCode.OK)]
    [InlineData("https://rec.example.org", null, "localhost", HttpStatusCode.OK)]
    [InlineData("https://rec.example.org", null, "10.1.2.3:7071", HttpStatusCode.OK)]
    [InlineData("https://rec.example.org", null, "[fd00::7]:7071", HttpStatusCode.OK)]
    [InlineData("https://rec.example.org", null, "evil.example", HttpStatusCode.BadRequest)]
    [InlineData("https://rec.example.org", null, "10.1.2.3.evil.example", HttpStatusCode.BadRequest)]
    [InlineData("https://rec.example.org", "functions.internal", "functions.internal", HttpStatusCode.OK)]
    [InlineData("https://rec.example.org", "functions.internal", "evil.example", HttpStatusCode.BadRequest)]
    [InlineData(null, null, "nas.example.org", HttpStatusCode.OK)] // nobody has said what it is called
    public async Task Where_all_addresses_are_listened_on_the_public_name_counts(string? publicUrl, string? allowed, string host,
        HttpStatusCode expected)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString,
            new() { ["PUBLIC_BASE_URL"] = publicUrl, ["Functions:AllowedHosts"] = allowed }, listens: "0.0.0.0");
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(app.Address, Settings));
        request.Headers.Host = host;
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        Assert.Equal(expected, answer.StatusCode);
        if (expected != HttpStatusCode.BadRequest) return;
        Assert.Contains("Functions__AllowedHosts", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_that_is_not_ours_is_told_with_the_remedy()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(app.Address, "/r/1"));
        request.Headers.Host = "rec.example.org";
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        string text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Contains("rec.example.org", text, StringComparison.Ordinal);
        Assert.Contains("PUBLIC_BASE_URL", text, StringComparison.Ordinal);
        Assert.Contains(app.Log.Lines, line => line.Text.Contains("A request for rec.example.org was refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Own_origin_is_let_in()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(app.Address, Settings));
        request.Headers.Add("Origin", app.Address.GetLeftPart(UriPartial.Authority));
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Body_that_is_not_called_json_is_refused()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using StringContent text = new("{}", Encoding.UTF8, "text/plain");
        using HttpResponseMessage answer = await app.Http.PutAsync(Settings, text, Cancellation);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Theory]
    [InlineData("StartRecording")]
    [InlineData("MoveSegment")]
    [InlineData("FinalizeRecording")]
    [InlineData("SweepRecordings")]
    [InlineData("DeliverWebhook")]
    [InlineData("DeleteRecording")]
    [InlineData("RenderWindow")]
    [InlineData("TranscribeStretch")]
    public async Task No_function_of_a_queue_or_timer_can_be_called_over_http(string function)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using HttpResponseMessage answer = await app.PostAsync(function, "{}");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }
}
