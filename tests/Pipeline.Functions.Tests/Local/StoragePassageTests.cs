using System.Net;
using System.Net.Http.Headers;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Settings;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>Links that lead through the app instead of to the storage.</summary>
public sealed class StoragePassageTests(AzuriteFixture azurite)
{
    private static readonly Uri Public = new("https://rec.example.org");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Link_reads_its_blob_whole_and_in_parts_and_nothing_else()
    {
        await using App app = await StartAsync();
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        RecordingId id = RecordingId.New(TimeProvider.System);
        byte[] bytes = [.. Enumerable.Range(0, 5000).Select(at => (byte)at)];
        string name = $"{id}/5-Zoë & co/segment_000.wav";
        await app.Storage.Recordings.GetBlobClient(name).UploadAsync(new BinaryData(bytes), new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = "audio/wav" },
        }, Cancellation);
        Uri link = (await app.Get<RecordingsContainer>().ReadLinkAsync(id, app.Storage.Recordings.GetBlobClient(name).Uri, Cancellation))!;
        Assert.StartsWith("https://rec.example.org/storage/recordings/", link.AbsoluteUri, StringComparison.Ordinal);

        using HttpResponseMessage whole = await SendAsync(app, link.PathAndQuery);
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal("audio/wav", whole.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", Assert.Single(whole.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal(bytes, await whole.Content.ReadAsByteArrayAsync(Cancellation));

        using HttpResponseMessage part = await SendAsync(app, link.PathAndQuery, range: new RangeHeaderValue(10, 19));
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(5000, part.Content.Headers.ContentRange!.Length);
        Assert.Equal(bytes[10..20], await part.Content.ReadAsByteArrayAsync(Cancellation));

        using HttpResponseMessage head = await SendAsync(app, link.PathAndQuery, HttpMethod.Head);
        Assert.Equal(5000, head.Content.Headers.ContentLength);

        string query = link.Query;
        foreach (string path in new[]
        {
            link.AbsolutePath, // no right
            link.AbsolutePath + query.Replace("sig=", "sig=A", StringComparison.Ordinal),
            $"/storage/{StorageNames.TempContainer}/{id}/session.json{query}",
            $"/storage/recordings/../{StorageNames.TempContainer}/{id}/session.json{query}",
            $"/storage/recordings/%2e%2e/{StorageNames.TempContainer}/{id}/session.json{query}",
            $"/storage/recordings/..%2f{StorageNames.TempContainer}/{id}/session.json{query}",
        })
        {
            using HttpResponseMessage refused = await SendAsync(app, path);
            Assert.True(refused.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden, $"{path}: {refused.StatusCode}");
            Assert.DoesNotContain("AuthenticationErrorDetail", await refused.Content.ReadAsStringAsync(Cancellation),
                StringComparison.Ordinal);
        }
        using HttpResponseMessage put = await SendAsync(app, link.PathAndQuery, HttpMethod.Put);
        Assert.Equal(HttpStatusCode.Unauthorized, put.StatusCode); // a link writes nothing
    }

    [Fact]
    public async Task It_needs_to_be_known_where_people_reach_it()
    {
        InvalidSettingsException wrong = await Assert.ThrowsAsync<InvalidSettingsException>(() =>
            App.StartAsync(azurite.ConnectionString, new() { ["Functions:ServeStorage"] = "true" }));
        Assert.Contains("PUBLIC_BASE_URL", wrong.Message, StringComparison.Ordinal);
        await using App plain = await App.StartAsync(azurite.ConnectionString);
        using HttpResponseMessage absent = await SendAsync(plain, "/storage/recordings/a?sig=b");
        Assert.Equal(HttpStatusCode.Unauthorized, absent.StatusCode); // no such address, and so nothing without the key
    }

    private Task<App> StartAsync() => App.StartAsync(azurite.ConnectionString,
        new() { ["PUBLIC_BASE_URL"] = Public.ToString(), ["Functions:ServeStorage"] = "true" });

    // As a proxy sends it that stands in front, and without the key.
    private static async Task<HttpResponseMessage> SendAsync(App app, string path, HttpMethod? method = null,
        RangeHeaderValue? range = null)
    {
        using HttpClient http = new();
        using HttpRequestMessage request = new(method ?? HttpMethod.Get, new Uri(app.Address.GetLeftPart(UriPartial.Authority) + path,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        request.Headers.Range = range;
        return await http.SendAsync(request, Cancellation);
    }
}
