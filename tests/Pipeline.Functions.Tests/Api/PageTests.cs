using System.Net;
using System.Text.RegularExpressions;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Page;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>The page as it leaves the server: the same for everybody, closed to everything foreign, light.</summary>
public sealed partial class PageTests(AzuriteFixture azurite)
{
    private const int MostBytes = 35 * 1024;

    [Fact]
    public async Task Page_is_the_same_whether_the_recording_exists_or_not()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["Functions:Key"] = "k" });
        Session session = new(920, (5, "Ada", 1));
        Assert.True(await app.StartRecordingAsync(session.Started));
        using Visitor visitor = new(app.Address);
        string there = await PageAsync(visitor, session.Id.ToString()), absent = await PageAsync(visitor, new Session(921).Id.ToString()),
            wrong = await PageAsync(visitor, "..%2F..%2Fetc%2Fpasswd");
        Assert.Equal(there, absent);
        Assert.Equal(there, wrong);
        Assert.DoesNotContain(session.Info.GuildName, there, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_lets_nothing_in_but_the_page_and_the_storage()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using Visitor visitor = new(app.Address);
        using HttpResponseMessage page = await visitor.GetAsync($"/r/{new Session(922).Id}");
        string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        string blobs = $"http://127.0.0.1:{azurite.Azurite.BlobPort}";
        Assert.Equal(
            $"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {blobs}; media-src "
                + $"'self' {blobs}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            policy);
        Assert.Equal("no-referrer", Assert.Single(page.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        Assert.StartsWith("noindex", Assert.Single(page.Headers.GetValues("X-Robots-Tag")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_file_that_the_page_names_is_there_and_kept_by_browsers()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using Visitor visitor = new(app.Address);
        string html = await PageAsync(visitor, "x");
        string[] files = [.. Named().Matches(html).Select(match => match.Groups[1].Value).Distinct()];
        Assert.Contains(files, file => file.EndsWith("main.js", StringComparison.Ordinal));
        foreach (string file in files)
        {
            using HttpResponseMessage answer = await visitor.SendAsync(HttpMethod.Get, $"/r/{file}", null, ("Accept-Encoding", "gzip"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("gzip", Assert.Single(answer.Content.Headers.ContentEncoding));
            Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.NotModified,
                await visitor.StatusAsync(HttpMethod.Get, $"/r/{file}", null, ("If-None-Match", answer.Headers.ETag!.ToString())));
        }
    }

    /// <summary>What the page loads stands beside it, so a slash at the end would make it look below.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("?lang=de&from=%2525", "?lang=de&from=%2525")]
    public async Task Slash_at_the_end_leads_to_the_page(string query, string kept)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using Visitor visitor = new(app.Address);
        string id = RecordingId.New(TimeProvider.System).ToString();
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using HttpResponseMessage answer = await visitor.SendAsync(method, $"/r/{id}/{query}");
            Assert.Equal(HttpStatusCode.MovedPermanently, answer.StatusCode);
            // Below whatever path a proxy puts in front.
            Uri from = new($"https://record.example.org/calls/r/{id}/");
            Assert.Equal($"https://record.example.org/calls/r/{id}{kept}", new Uri(from, answer.Headers.Location!).AbsoluteUri);
        }
    }

    [Theory]
    [InlineData("gzip, br", "br")]
    [InlineData("gzip;q=0.5, br;q=0.1", "br")]
    [InlineData("gzip, br;q=0", "gzip")]
    [InlineData("GZIP", "gzip")]
    [InlineData("br;q=0, gzip;q=0", null)]
    [InlineData("brotli, x-gzip", null)]
    [InlineData("", null)]
    public async Task Page_is_packed_as_the_browser_takes_it(string accepted, string? coding)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using Visitor visitor = new(app.Address);
        using HttpResponseMessage page = await visitor.SendAsync(HttpMethod.Get, "/r/x", null, ("Accept-Encoding", accepted));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal(coding, page.Content.Headers.ContentEncoding.SingleOrDefault());
    }

    [Theory]
    [InlineData("index.html")]
    [InlineData("types.js")]
    [InlineData("..%2Findex.html")]
    [InlineData("texts/..%2Fmain.js")]
    [InlineData("%2e%2e%2f%2e%2e%2fappsettings.json")]
    public async Task Path_leads_to_no_other_file(string path)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["Functions:Key"] = "k" });
        using Visitor visitor = new(app.Address);
        HttpStatusCode status = await visitor.StatusAsync(HttpMethod.Get, $"/r/page/{app.Get<PageAssets>().Version}/{path}");
        Assert.Contains(status, new[] { HttpStatusCode.NotFound, HttpStatusCode.Unauthorized });
    }

    [Fact]
    public void Page_is_light()
    {
        PageAssets assets = new();
        Assert.InRange(assets.Weight, 10_000, MostBytes);
        TestContext.Current.TestOutputHelper?.WriteLine($"{assets.Weight} bytes");
        string main = System.Text.Encoding.UTF8.GetString(assets.Find("main.js")!.Plain);
        Assert.DoesNotContain("// Opens", main, StringComparison.Ordinal);
        Assert.Contains("\nimport { Api, ApiError } from './api.js';\n", main, StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(Visitor visitor, string id)
    {
        using HttpResponseMessage answer = await visitor.GetAsync($"/r/{id}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("(?:href|src)=\"(page/[^\"]+)\"")]
    private static partial Regex Named();
}
