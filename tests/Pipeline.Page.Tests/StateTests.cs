using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;

namespace Pipeline.Page.Tests;

/// <summary>Every way in which a link does not lead to sound: one sentence each, with what to do.</summary>
public sealed class StateTests(PageApp app)
{
    private const double Length = 12;

    [Fact]
    public async Task Wrong_link_is_told() => Shows(await StateAsync(url => url[..^3] + "xyz"), "link", "/record link");

    [Fact]
    [Trait("Category", "Long")]
    public async Task Link_without_its_secret_is_told() =>
        Shows(await StateAsync(url => url[..url.IndexOf('#', StringComparison.Ordinal)]), "link", "/record link");

    [Theory]
    [InlineData("fault")]
    [InlineData("page")]
    public async Task Storage_that_is_away_is_told_and_waited_for(string answer) =>
        Shows(await StateAsync(null, new JsonObject { ["away"] = answer }), "storage", "not lost");

    [Fact]
    public async Task Page_whose_language_does_not_come_is_in_English()
    {
        JsonNode result = await StateAsync(null,
            new JsonObject { ["locale"] = "de-DE", ["noTexts"] = true, ["wait"] = ".lane:nth-child(2)" });
        Assert.Equal("en", result["language"]!.GetValue<string>());
        Assert.Contains("Everyone", result["text"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleted_recording_is_told()
    {
        SpokenCall call = await CallAsync();
        ShareDetails link = await app.ShareAsync(call.Id, "listen");
        using HttpResponseMessage deleted = await app.Functions.Api.Http.DeleteAsync(
            new Uri($"/api/recordings/{call.Id}", UriKind.Relative), TestContext.Current.CancellationToken);
        deleted.EnsureSuccessStatusCode();
        Shows(await Browser.RunAsync("state", new JsonObject { ["url"] = link.Url }), "deleted", "or its time was over");
    }

    [Fact]
    public async Task Link_that_only_brings_files_shows_them_and_no_player()
    {
        SpokenCall call = await CallAsync();
        ShareDetails link = await app.ShareAsync(call.Id, "download");
        JsonNode result = await Browser.RunAsync("state",
            new JsonObject { ["url"] = link.Url, ["wait"] = "#downloads [data-file]", ["hidden"] = new JsonArray("#board", "#transport") });
        Assert.Equal(["#board", "#transport"], result["gone"].Deserialize<string[]>()!);
        Assert.Contains("Ada", result["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(result["findings"].Deserialize<string[]>()!);
        Assert.Empty(result["complaints"].Deserialize<string[]>()!); // it asks for nothing that it may not have
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Browser_without_sound_still_shows_the_recording()
    {
        JsonNode result = await StateAsync(null, new JsonObject { ["noAudio"] = true });
        Assert.Contains("Web Audio", result["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("Ada", result["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(result["findings"].Deserialize<string[]>()!);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Recording_without_a_word_says_so()
    {
        SpokenCall call = app.Call("Silence");
        await call.StartAsync();
        await call.SpeakAsync(3);
        ShareDetails link = await app.ShareAsync(call.Id, "listen");
        JsonNode result = await Browser.RunAsync("state", new JsonObject { ["url"] = link.Url, ["wait"] = "#notice:not([hidden])" });
        Assert.Contains("Nothing recorded yet", result["text"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true, Traits = ["Category", "Long"])] // minutes after the recording's end, when nothing but sound is asked for
    public async Task Withdrawn_link_ends_the_sound_and_every_request(bool isLater)
    {
        SpokenCall call = await CallAsync();
        ShareDetails link = await app.ShareAsync(call.Id, "listen");
        JsonNode result = await Browser.RunAsync("revoked", new JsonObject
        {
            ["url"] = link.Url,
            ["listen"] = !isLater,
            ["later"] = isLater,
            ["key"] = TestKit.Stage.FunctionsApp.Key,
            ["revoke"] = new Uri(app.Functions.BaseUrl, $"/api/recordings/{call.Id}/shares/{link.ShareId}").AbsoluteUri,
        });
        Assert.Equal((204, "link", false),
            (result["revoked"]!.GetValue<int>(), result["state"]!.GetValue<string>(), result["playing"]!.GetValue<bool>()));
        Assert.Equal(0, result["asked"]!.GetValue<int>());
    }

    [Fact]
    public async Task Link_beside_another_one_of_the_recording_may_do_what_it_may()
    {
        SpokenCall call = await CallAsync();
        JsonNode result = await Browser.RunAsync("tabs", new JsonObject
        {
            ["url"] = (await app.ShareAsync(call.Id, "listen", "delete")).Url,
            ["other"] = (await app.ShareAsync(call.Id, "listen")).Url,
        });
        Assert.Equal((1, "deleted"), (result["mayRename"]!.GetValue<int>(), result["state"]!.GetValue<string>()));
    }

    [Fact]
    public async Task What_is_not_done_is_said_where_it_was_asked_for()
    {
        SpokenCall call = await CallAsync();
        ShareDetails link = await app.ShareAsync(call.Id, "listen", "delete");
        JsonNode result = await Browser.RunAsync("refused", new JsonObject { ["url"] = link.Url });
        const string mayNot = "This link does not allow that.", notDone = "That did not work. Try again in a moment.";
        Assert.Equal([mayNot, mayNot], result["said"]!["403"].Deserialize<string[]>()!);
        Assert.Equal([notDone, notDone], result["said"]!["503"].Deserialize<string[]>()!);
        Assert.Empty(result["said"]!["findings"].Deserialize<string[]>()!);
        Assert.Equal("deleted", result["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Sound_that_comes_at_the_second_time_is_missed_no_longer()
    {
        JsonNode result = await NoticeAsync([]);
        Assert.Equal(("Some sound could not be loaded: trying again …", ""),
            (result["during"]!.GetValue<string>(), result["after"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Browser_without_sound_is_told_so_for_as_long_as_it_is_one()
    {
        JsonNode result = await NoticeAsync(new JsonObject { ["noAudio"] = true });
        Assert.Equal("This browser cannot play the sound: it has no Web Audio. Open the page in a current browser.",
            result["after"]!.GetValue<string>());
        Browser.RequireQuiet(result);
    }

    private async Task<JsonNode> NoticeAsync(JsonObject input)
    {
        SpokenCall call = await CallAsync();
        input["url"] = (await app.ShareAsync(call.Id, "listen", "delete")).Url;
        return await Browser.RunAsync("notice", input);
    }

    private static void Shows(JsonNode result, string state, string remedy)
    {
        Assert.Equal(state, result["state"]!.GetValue<string>());
        Assert.Contains(remedy, result["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(result["findings"].Deserialize<string[]>()!);
    }

    private async Task<JsonNode> StateAsync(Func<string, string>? change, JsonObject? input = null)
    {
        SpokenCall call = await CallAsync();
        ShareDetails link = await app.ShareAsync(call.Id, "listen", "download");
        input ??= [];
        input["url"] = change is null ? link.Url! : change(link.Url!);
        return await Browser.RunAsync("state", input);
    }

    private async Task<SpokenCall> CallAsync() => await app.FinishedAsync(app.Call("States", Talk.Of(5, Length, "Ada", "Grace")), Length);
}
