using System.Net;
using Pipeline.Bot.ServerSettings;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.ServerSettings;

/// <summary>What a recording API must not be able to do to its client: take the key elsewhere, or fill the memory.</summary>
public sealed class RecordingApiHttpTests
{
    [Theory]
    [InlineData(HttpStatusCode.TemporaryRedirect)]
    [InlineData(HttpStatusCode.Found)]
    public async Task No_redirect_is_followed_with_the_key(HttpStatusCode status)
    {
        using ScriptedPeer elsewhere = new("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        using ScriptedPeer api = new($"HTTP/1.1 {(int)status} Away\r\nLocation: {elsewhere.Address}\r\nContent-Length: 0\r\n\r\n");
        CatalogueException refused = await Assert.ThrowsAsync<CatalogueException>(() => AskAsync(api));
        Assert.Contains($"another address ({(int)status}), which is not followed", refused.Message, StringComparison.Ordinal);
        Assert.Contains("key-of-the-api", Assert.Single(api.Requests), StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Longer_answer_than_any_of_ours_is_refused()
    {
        using ScriptedPeer api = new($"HTTP/1.1 200 OK\r\nContent-Length: {RecordingApiHttp.LongestAnswer + 1L}\r\n\r\n{{");
        CatalogueException refused = await Assert.ThrowsAsync<CatalogueException>(() => AskAsync(api));
        HttpRequestException reason = Assert.IsType<HttpRequestException>(refused.InnerException);
        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, reason.HttpRequestError);
    }

    private static async Task AskAsync(ScriptedPeer api)
    {
        using HttpClient http = RecordingApiHttp.Create();
        CatalogueOptions options = new() { BaseUrl = api.Address, ApiKey = "key-of-the-api", Timeout = TimeSpan.FromSeconds(60) };
        await new CatalogueClient(http, options, TimeProvider.System).GetSettingsAsync(1, TestContext.Current.CancellationToken);
    }
}
