using System.Net;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Live;

/// <summary>What HTTP promises of the answers about files, whatever the files hold.</summary>
public sealed class FileAnswersTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>RFC 9110 §9.2.1: who sends HEAD asks for nothing to be done.</summary>
    [Theory]
    [InlineData("01-Ada.wav", HttpStatusCode.Accepted)]
    [InlineData("all-flac.zip", HttpStatusCode.Accepted)]
    [InlineData("mix.flac?from=0.1&to=0.2", HttpStatusCode.Accepted)]
    [InlineData("mix.flac", HttpStatusCode.Redirect)]
    [InlineData("mix.aac", HttpStatusCode.NotFound)]
    public async Task Head_says_what_there_is_and_has_nothing_made(string name, HttpStatusCode expected)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = [RenderFormat.Flac] });
        Recorded recorded = await RenderedAsync(stage);
        string path = $"api/recordings/{recorded.Id}/files/{name}";

        using HttpResponseMessage head = await stage.SendAsync(HttpMethod.Head, path);

        Assert.Equal(expected, head.StatusCode);
        Assert.Empty(await stage.TakeMessagesAsync(recorded.Id));
        using HttpResponseMessage get = await stage.GetAsync(path);
        Assert.Equal(expected, get.StatusCode);
        Assert.Equal(expected == HttpStatusCode.Accepted, (await stage.TakeMessagesAsync(recorded.Id)).Count > 0);
    }

    /// <summary>A link that may only download has no other answer that could set the storage's rule.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("/mix.flac")]
    [InlineData("/info.json")]
    public async Task Page_of_another_origin_may_read_what_an_address_of_a_file_leads_to(string name)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = [RenderFormat.Flac] });
        Recorded recorded = await RenderedAsync(stage);
        BlobServiceProperties properties = await stage.Storage.Blobs.GetPropertiesAsync(Cancellation);
        properties.Cors = [];
        await stage.Storage.Blobs.SetPropertiesAsync(properties, Cancellation);

        using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files{name}");

        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Redirect, $"{answer.StatusCode}");
        BlobServiceProperties after = await stage.Storage.Blobs.GetPropertiesAsync(Cancellation);
        Assert.Equal(("*", "GET,HEAD"), (Assert.Single(after.Cors).AllowedOrigins, after.Cors[0].AllowedMethods));
    }

    [Theory]
    [InlineData("bytes=0-1", HttpStatusCode.PartialContent)]
    [InlineData("bytes=999999-", HttpStatusCode.RequestedRangeNotSatisfiable)]
    public async Task Peaks_beyond_their_end_are_refused_with_a_problem(string range, HttpStatusCode expected)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = [RenderFormat.Flac] });
        Recorded recorded = await RenderedAsync(stage);

        using HttpResponseMessage answer = await stage.SendAsync(HttpMethod.Get, $"api/recordings/{recorded.Id}/tracks/{Ada}/peaks",
            ("Range", range));

        Assert.Equal(expected, answer.StatusCode);
        if (expected == HttpStatusCode.PartialContent) return;
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("bytes */20", answer.Content.Headers.ContentRange?.ToString()); // one second: ten pairs
        Assert.Contains("\"status\":416", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    /// <summary>RFC 9110 §14.2: a range is asked for with GET alone.</summary>
    [Fact]
    public async Task Head_of_peaks_has_no_parts()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = [RenderFormat.Flac] });
        Recorded recorded = await RenderedAsync(stage);

        using HttpResponseMessage head = await stage.SendAsync(HttpMethod.Head, $"api/recordings/{recorded.Id}/tracks/{Ada}/peaks",
            ("Range", "bytes=0-1"));

        Assert.Equal((HttpStatusCode.OK, 20), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    private static async Task<Recorded> RenderedAsync(RenderStage stage)
    {
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        return recorded;
    }
}
