using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;

namespace Pipeline.Page.Tests;

/// <summary>A finished call as people see it, on a screen and on a phone, by day and by night, by eye and by screen reader.</summary>
public sealed class LookTests(PageApp app)
{
    private const double Length = 180;
    private const string Markup = "<script>document.title='x'</script>";

    [Fact]
    public async Task Finished_call_shows_who_spoke_and_what_is_missing()
    {
        JsonNode result = await LookAsync("look", []);
        Assert.Equal("Planning the release", result["heading"]!.GetValue<string>());
        Assert.Equal("Planning the release", result["title"]!.GetValue<string>());
        Assert.Contains("Analytical Engines · #Table · ", result["facts"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("8 sec lost: the connection to Discord was lost, lost on the network", result["details"]!.ToJsonString(),
            StringComparison.Ordinal);
        string[] names = result["names"].Deserialize<string[]>()!;
        Assert.Equal(["Everyone", "Ada Lovelace", "Grace Hopper", "عالية حسن", Markup],
            [names[0], .. names[1..].Order(StringComparer.Ordinal).OrderBy(name => name == Markup)]);
        Assert.Equal(0, result["scripts"]!.GetValue<int>());
        Assert.Equal(["0:30 Decide about the <b>date</b>", "2:00 Budget"], result["flags"].Deserialize<string[]>()!);
        Assert.Contains("the connection to Discord was lost", result["gaps"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.All(result["drawn"].Deserialize<bool[]>()!, Assert.True);
        Assert.InRange(result["weight"]!.GetValue<int>(), 8_000, 35 * 1024);
        Assert.InRange(result["requests"]!.AsArray().Count, 1, 2);
        Require(result);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Dark_screen_is_as_readable() => Require(await LookAsync("dark", new JsonObject { ["dark"] = true }));

    [Fact]
    [Trait("Category", "Long")]
    public async Task Phone_shows_everything_in_its_width()
    {
        JsonNode result = await LookAsync("phone", new JsonObject { ["phone"] = true, ["locale"] = "de-DE" });
        Assert.Equal("de", result["language"]!.GetValue<string>());
        Assert.Contains("Alle", result["names"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(0, result["wide"]!.GetValue<int>());
        Require(result);
    }

    private static void Require(JsonNode result)
    {
        Assert.Empty(result["findings"].Deserialize<string[]>()!);
        Browser.RequireQuiet(result);
    }

    private async Task<JsonNode> LookAsync(string name, JsonObject input)
    {
        SpokenCall call = app.Call("Planning the release", Talk.Of(4, Length, "Ada Lovelace", "Grace Hopper", Markup, "عالية حسن"));
        call.Gaps =
        [
            new RecordingGap { StartSample = 70 * Speaker.Rate, SampleCount = 6 * Speaker.Rate, Reason = "reconnect" },
            new RecordingGap { UserId = 101, StartSample = 100 * Speaker.Rate, SampleCount = 2 * Speaker.Rate, Reason = "loss" },
        ];
        call.Notes =
        [
            new RecordingNote { Sample = 30 * Speaker.Rate, UserId = 100, Text = "Decide about the <b>date</b>" },
            new RecordingNote { Sample = 120 * Speaker.Rate, UserId = 101, Text = "Budget" },
        ];
        await app.FinishedAsync(call, Length);
        ShareDetails link = await app.ShareAsync(call.Id, "listen", "download", "delete");
        (input["url"], input["name"]) = (link.Url, name);
        return await Browser.RunAsync("look", input);
    }
}
