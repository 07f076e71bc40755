using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;

namespace Pipeline.Page.Tests;

/// <summary>
/// Many people, many hours: how soon something sounds, and that memory stays bounded. Figures are written out; limits leave room for a busy
/// machine.
/// </summary>
[Trait("Category", "Long")]
public sealed class LongCallTests(PageApp app)
{
    [Fact]
    public async Task Twenty_five_tracks_sound_soon()
    {
        // All of them talk at once, the hardest case there is.
        Speaker[] speakers = [.. Enumerable.Range(0, 25).Select(index => new Speaker(
            200UL + (ulong)index, $"Person {index + 1}", [(0, 40L * Speaker.Rate)], [new Tone(0, 40, 150 + (index * 60))]))];
        SpokenCall call = await app.FinishedAsync(app.Call("Twenty-five", speakers), 40);
        JsonNode result = await RunAsync(app, call.Id, 40, "many", 30.5, 12.2);
        Assert.Equal(26, result["lanes"]!.GetValue<int>());
        // Nobody's second piece is asked for before everybody's first.
        Assert.Equal(25, result["first"]!.GetValue<int>());
        Limits(result, started: 6_000, seek: 4_000, megabytes: 120);
    }

    [Fact]
    public async Task Three_hours_open_and_sound_soon()
    {
        // 4,600 segments: four people, ten seconds each, and only a little of it has a tone, so that making it takes no longer than
        // listening.
        Speaker[] speakers = [.. Enumerable.Range(0, 4).Select(index => new Speaker(
            300UL + (ulong)index,
            $"Person {index + 1}",
            [.. Enumerable.Range(0, 1_150).Select(turn => (((long)turn * 9 + index) * Speaker.Rate, (long)(Speaker.Rate / 4)))],
            [.. Enumerable.Range(0, 1_150).Select(turn => new Tone((turn * 9) + index, 0.2, 300 + (index * 90)))]))];
        const double Length = 10_400;
        // Eleven hours of files would take longer than all other tests; the page does without.
        await using PageApp own = await PageApp.StartAsync(formats: "off");
        RecordingId call = await new LongCall(own.Functions.Api, "Three hours", speakers).BringAsync(Length);
        JsonNode result = await RunAsync(own, call, Length, "long", 9_000, 27, 5_400);
        Limits(result, started: 6_000, seek: 6_000, megabytes: 120);
    }

    private static async Task<JsonNode> RunAsync(PageApp app, RecordingId recording, double length, string name, params double[] seeks)
    {
        ShareDetails link = await app.ShareAsync(recording, "listen", "download");
        return await Browser.RunAsync("many", new JsonObject
        {
            ["url"] = link.Url,
            ["listen"] = true,
            ["name"] = name,
            ["duration"] = length,
            ["seeks"] = new JsonArray([.. seeks.Select(seek => JsonValue.Create(seek))]),
        });
    }

    private static void Limits(JsonNode result, int started, int seek, int megabytes)
    {
        Assert.InRange(result["started"]!.GetValue<int>(), 0, started);
        Assert.All(result["seeks"].Deserialize<int[]>()!, one => Assert.InRange(one, 0, seek));
        Assert.InRange(result["megabytes"]!.GetValue<int>(), 0, megabytes);
        Browser.RequireQuiet(result);
    }
}
