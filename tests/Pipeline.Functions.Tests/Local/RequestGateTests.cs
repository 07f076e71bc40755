using System.Net;
using System.Text;
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

    [Theory]
    [InlineData("Host", "evil.example", HttpStatusCode.BadRequest)]
    [InlineData("Host", "127.0.0.1.evil.example", HttpStatusCode.BadRequest)]
    [InlineData("Host", "localhost", HttpStatusCode.OK)]
    [InlineData("Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("x-harmless", "evil.example", HttpStatusCode.OK)]
    public async Task Foreign_names_and_origins_are_refused_even_with_the_key(string header, string value, HttpStatusCode expected)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(app.Address, Settings));
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        Assert.Equal(expected, answer.StatusCode);
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
    public async Task No_function_of_a_queue_or_timer_can_be_called_over_http(string function)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using HttpResponseMessage answer = await app.PostAsync(function, "{}");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }
}
