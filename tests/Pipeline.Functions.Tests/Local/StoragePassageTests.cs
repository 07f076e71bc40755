using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Time.Testing;
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

        using HttpResponseMessage part = await SendAsync(app, link.PathAndQuery, null, ("Range", "bytes=10-19"));
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

    [Theory]
    [InlineData("bytes=-100", 4900, 4999)]
    [InlineData("bytes=-65536", 0, 4999)]
    [InlineData("bytes=4999-", 4999, 4999)]
    [InlineData("bytes=4990-9000", 4990, 4999)]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=5000-", null, null)]
    [InlineData("bytes=6000-7000", null, null)]
    [InlineData("bytes=-0", null, null)]
    public async Task Part_is_what_was_asked_for_or_is_refused_with_the_length(string range, int? first, int? last)
    {
        await using App app = await StartAsync();
        (Uri link, byte[] bytes) = await PutAsync(app, 5000);
        using HttpResponseMessage part = await SendAsync(app, link.PathAndQuery, null, ("Range", range));
        if (first is null)
        {
            Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, part.StatusCode);
            Assert.Equal("bytes */5000", part.Content.Headers.ContentRange?.ToString());
            Assert.Equal("application/problem+json", part.Content.Headers.ContentType?.MediaType);
            Assert.Contains("range", (string?)JsonNode.Parse(await part.Content.ReadAsStringAsync(Cancellation))!["title"],
                StringComparison.Ordinal);
            return;
        }
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal($"bytes {first}-{last}/5000", part.Content.Headers.ContentRange?.ToString());
        Assert.Equal(bytes[first.Value..(last!.Value + 1)], await part.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Theory]
    [InlineData("bytes=0-1,5-6")]
    [InlineData("bytes=9-3")]
    [InlineData("bytes=x-")]
    [InlineData("lines=1-2")]
    public async Task Range_that_nobody_serves_is_passed_over(string range)
    {
        await using App app = await StartAsync();
        (Uri link, byte[] bytes) = await PutAsync(app, 500);
        using HttpResponseMessage whole = await SendAsync(app, link.PathAndQuery, null, ("Range", range));
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(bytes, await whole.Content.ReadAsByteArrayAsync(Cancellation));
    }

    /// <summary>RFC 9110 §13.1.5: of another version than the one that somebody has a part of, the whole is sent.</summary>
    [Theory]
    [InlineData("@", HttpStatusCode.PartialContent)]
    [InlineData("\"another\"", HttpStatusCode.OK)]
    [InlineData("W/@", HttpStatusCode.OK)]
    public async Task Part_of_another_version_is_not_sent(string ifRange, HttpStatusCode expected)
    {
        await using App app = await StartAsync();
        (Uri link, byte[] bytes) = await PutAsync(app, 300);
        string tag;
        using (HttpResponseMessage head = await SendAsync(app, link.PathAndQuery, HttpMethod.Head)) tag = head.Headers.ETag!.ToString();

        using HttpResponseMessage answer = await SendAsync(app, link.PathAndQuery, null, ("Range", "bytes=100-"),
            ("If-Range", ifRange.Replace("@", tag, StringComparison.Ordinal)));
        using HttpResponseMessage known = await SendAsync(app, link.PathAndQuery, null, ("Range", "bytes=900-"), ("If-None-Match", tag));

        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? bytes : bytes[100..], await answer.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
    }

    [Fact]
    public async Task Storage_that_is_silent_is_answered_for_after_a_minute()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        string away = azurite.ConnectionString.Replace(azurite.Azurite.BlobPort.ToString(CultureInfo.InvariantCulture),
            ((IPEndPoint)silent.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        await using App app = await App.StartAsync(away,
            new() { ["PUBLIC_BASE_URL"] = Public.ToString(), ["Functions:ServeStorage"] = "true" }, clock);
        Task<HttpResponseMessage> asking = SendAsync(app, $"/storage/{StorageNames.RendersContainer}/a/mix.flac?sig=b");
        using TcpClient asked = await silent.AcceptTcpClientAsync(Cancellation);
        await asked.GetStream().ReadExactlyAsync(new byte[4], Cancellation); // the request is on its way
        clock.Advance(TimeSpan.FromSeconds(61));

        using HttpResponseMessage answer = await asking;

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("GET", null)]
    [InlineData("GET", "bytes=0-3")]
    [InlineData("HEAD", null)]
    public async Task Redirect_of_the_storage_is_neither_followed_nor_passed_on(string method, string? range)
    {
        using ScriptedPeer elsewhere = new("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nevil");
        using ScriptedPeer blobs = new(
            $"HTTP/1.1 302 Found\r\nLocation: {elsewhere.Address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        string led = azurite.ConnectionString.Replace(azurite.Azurite.BlobPort.ToString(CultureInfo.InvariantCulture),
            blobs.Address.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        await using App app = await App.StartAsync(led,
            new() { ["PUBLIC_BASE_URL"] = Public.ToString(), ["Functions:ServeStorage"] = "true" });

        using HttpResponseMessage answer = await SendAsync(app, $"/storage/{StorageNames.RendersContainer}/a/mix.flac?sig=b",
            new HttpMethod(method), range is null ? [] : [("Range", range)]);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, null), (answer.StatusCode, answer.Headers.Location));
        Assert.Contains(blobs.Requests, request => request.Contains("/a/mix.flac?sig=b", StringComparison.Ordinal));
        Assert.Empty(elsewhere.Requests);
    }

    /// <summary>A blob that was copied by a link names it, with the right that it carries, and its metadata is the bot's message.</summary>
    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Where_a_blob_was_copied_from_is_not_passed_on(string method)
    {
        using ScriptedPeer blobs = new("HTTP/1.1 200 OK\r\nx-ms-copy-source: https://a.example/b?sig=secret\r\nx-ms-copy-id: 1\r\n"
            + "x-ms-meta-pipeline: secret\r\nETag: \"1\"\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
            + (method == "GET" ? "wave" : ""));
        string led = azurite.ConnectionString.Replace(azurite.Azurite.BlobPort.ToString(CultureInfo.InvariantCulture),
            blobs.Address.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        await using App app = await App.StartAsync(led,
            new() { ["PUBLIC_BASE_URL"] = Public.ToString(), ["Functions:ServeStorage"] = "true" });

        using HttpResponseMessage answer = await SendAsync(app, $"/storage/{StorageNames.RendersContainer}/a/mix.flac?sig=b",
            new HttpMethod(method));

        Assert.Equal((HttpStatusCode.OK, "\"1\"", 4), (answer.StatusCode, answer.Headers.ETag?.Tag, answer.Content.Headers.ContentLength));
        Assert.DoesNotContain("secret", $"{answer.Headers}{answer.Content.Headers}", StringComparison.Ordinal);
        Assert.DoesNotContain("x-ms-", $"{answer.Headers}{answer.Content.Headers}", StringComparison.OrdinalIgnoreCase);
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

    private static async Task<(Uri Link, byte[] Bytes)> PutAsync(App app, int length)
    {
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        RecordingId id = RecordingId.New(TimeProvider.System);
        byte[] bytes = [.. Enumerable.Range(0, length).Select(at => (byte)(at * 7))];
        BlobClient blob = app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_000.wav");
        await blob.UploadAsync(new BinaryData(bytes), Cancellation);
        return ((await app.Get<RecordingsContainer>().ReadLinkAsync(id, blob.Uri, Cancellation))!, bytes);
    }

    // As a proxy sends it that stands in front, and without the key.
    private static async Task<HttpResponseMessage> SendAsync(App app, string path, HttpMethod? method = null,
        params (string Name, string Value)[] headers)
    {
        using HttpClient http = new();
        using HttpRequestMessage request = new(method ?? HttpMethod.Get, new Uri(app.Address.GetLeftPart(UriPartial.Authority) + path,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, Cancellation);
    }
}
