using System.Net;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What a browser reaches below a page's own address.</summary>
public sealed class PageWayTests(AzuriteFixture azurite)
{
    private static readonly (string, string) FromThePage = ("x-pipeline-page", "1");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Names that look as if they stood in an address.</summary>
    [Theory]
    [InlineData("100%41", 7701)]
    [InlineData("a%2Fb", 7702)]
    [InlineData("nul%00", 7703)]
    [InlineData("50% + 50%25?#&", 7704)]
    public async Task File_of_a_person_with_a_percent_sign_is_where_the_list_says(string username, int seed)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = new(seed, (5, username, 1));
        RecordingId id = session.Id;
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        await app.Get<RenderRecording>().RunAsync(new RenderWindow { RecordingId = id }, Cancellation);
        using Visitor visitor = new(app.Address);
        ShareDetails link = await Visitor.ShareAsync(app, id, App.Key, "download");
        using (HttpResponseMessage opened = await visitor.SendAsync(HttpMethod.Post, $"/r/{id}/api/session",
            $"{{\"key\":\"{Visitor.SecretOf(link)}\"}}", FromThePage))
            visitor.Cookie = opened.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        using HttpResponseMessage files = await visitor.GetAsync($"/r/{id}/api/files");
        JsonArray listed = JsonNode.Parse(await files.Content.ReadAsStringAsync(Cancellation))!["files"]!.AsArray();
        JsonNode track = listed.First(file => (string?)file!["kind"] == "track" && (string?)file["format"] == "flac")!;
        Assert.Equal("ready", (string?)track["state"]);

        using HttpResponseMessage found = await visitor.GetAsync(new Uri((string)track["url"]!).PathAndQuery);

        Assert.Equal(HttpStatusCode.Redirect, found.StatusCode);
        using HttpClient http = new();
        byte[] sound = await http.GetByteArrayAsync(found.Headers.Location, Cancellation);
        Assert.Equal("fLaC"u8, sound.AsSpan(0, 4));
    }
}
