using System.Net;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>Who has a list of a recording is not sent it again.</summary>
public sealed class ListTagTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("shares")]
    [InlineData("files")]
    [InlineData("segments")]
    public async Task List_of_a_recording_has_a_tag_until_it_changes(string list)
    {
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 900 * 900));
        await using App app = await App.StartAsync(azurite.ConnectionString, time: clock);
        string id = RecordingId.New(TimeProvider.System).ToString(), path = $"api/recordings/{id}/{list}";
        await WireRequests.PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        await WireRequests.PutSegmentsAsync(app, id, 1);
        Assert.Equal(HttpStatusCode.OK,
            (await WireRequests.PostAsync(app, $"recordings/{id}/finalize", WireRequests.End(app, id, 1))).Status);
        string tag = await TagAsync();
        clock.Advance(TimeSpan.FromSeconds(10));
        using HttpRequestMessage again = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        again.Headers.TryAddWithoutValidation("If-None-Match", tag);
        using HttpResponseMessage known = await app.Http.SendAsync(again, Cancellation);
        Assert.Equal((HttpStatusCode.NotModified, tag), (known.StatusCode, known.Headers.ETag?.ToString()));

        // Links to segments last five minutes: who has an answer is sent another long before they end.
        if (list == "segments") clock.Advance(TimeSpan.FromSeconds(75));
        else if (list == "shares") (await app.PostAsync($"api/recordings/{id}/shares", "{}")).Dispose();
        else return;
        Assert.NotEqual(tag, await TagAsync());

        async Task<string> TagAsync()
        {
            using HttpResponseMessage answer = await app.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.StartsWith("W/\"", answer.Headers.ETag?.ToString(), StringComparison.Ordinal);
            return answer.Headers.ETag!.ToString();
        }
    }
}
