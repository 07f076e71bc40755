using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;

namespace Pipeline.Page.Tests;

/// <summary>Segments of Opus, in a browser that decodes them and in one that does not.</summary>
public sealed class OpusTests(PageApp app)
{
    private const int Pitch = 700;
    private const int Length = 20;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false, Traits = ["Category", "Long"])]
    [InlineData(true, true)]
    public async Task Opus_sounds_also_where_the_browser_decodes_none(bool isDeaf, bool isLive)
    {
        JsonNode result = await ListenAsync(app, isDeaf, isLive, ["listen", "download"]);
        double[] places = result["heard"]![$"{Pitch}"].Deserialize<double[]>()!;
        Assert.True(places.Length >= 2, $"heard {places.Length} times");
        Assert.All(places[1..], place => Assert.InRange(Math.Abs(place - 0.5 - Math.Round(place - 0.5)), 0, 0.03));
        string[] asked = result["asked"].Deserialize<string[]>()!;
        Assert.Equal((2, 2), (asked.Length, asked.Distinct().Count())); // each segment once
        Assert.All(asked, name => Assert.StartsWith(isDeaf ? "cut-" : "segment_", name, StringComparison.Ordinal));
        Assert.Equal("", result["notice"]!.GetValue<string>());
        Browser.RequireQuiet(result);
    }

    [Theory]
    [InlineData("opus", "listen", "download")]
    [InlineData("flac", "listen", Traits = ["Category", "Long"])]
    public async Task Where_there_is_no_flac_either_it_is_said_once_and_nothing_is_asked_for_again(string formats, params string[] scopes)
    {
        await using PageApp own = await PageApp.StartAsync(formats);
        JsonNode result = await ListenAsync(own, isDeaf: true, isLive: false, scopes);
        bool mayDownload = scopes.Contains("download");
        Assert.Equal("This browser cannot play some of the sound. Open the page in a current browser."
            + (mayDownload ? " Or take the files: Downloads" : ""), result["notice"]!.GetValue<string>());
        Assert.Empty(result["heard"]![$"{Pitch}"].Deserialize<double[]>()!);
        Assert.Empty(result["asked"].Deserialize<string[]>()!);
        Assert.InRange(result["lists"]!.GetValue<int>(), 0, 3); // for the pane, at most every ten seconds, and once for the sound
        Assert.True(result["at"]!.GetValue<double>() >= 12);
        if (mayDownload) Browser.RequireQuiet(result);
    }

    [Fact]
    public async Task Damaged_segment_is_left_out_and_not_blamed_on_the_browser()
    {
        JsonNode result = await ListenAsync(app, isDeaf: false, isLive: false, ["listen", "download"], damaged: "segment_000");
        Assert.Equal("Some sound is damaged and is left out.", result["notice"]!.GetValue<string>());
        Assert.NotEmpty(result["heard"]![$"{Pitch}"].Deserialize<double[]>()!);
        string[] asked = result["asked"].Deserialize<string[]>()!;
        Assert.Equal((2, 2), (asked.Length, asked.Distinct().Count())); // each segment once
    }

    private static async Task<JsonNode> ListenAsync(PageApp app, bool isDeaf, bool isLive, string[] scopes, string? damaged = null)
    {
        Tone[] beeps = [.. Enumerable.Range(0, Length).Select(second => new Tone(second + 0.5, 0.15, Pitch))];
        Speaker ada = new(41, "Ada", [(0, Length * Speaker.Rate)], beeps) { Format = SegmentFormat.Opus };
        SpokenCall call = app.Call("Opus", ada);
        if (isLive)
        {
            await call.StartAsync();
            await call.SpeakAsync(Length);
        }
        else
        {
            await app.FinishedAsync(call, Length);
            await app.WaitForFilesAsync(call.Id);
        }
        ShareDetails link = await app.ShareAsync(call.Id, scopes);
        return await Browser.RunAsync("opus", new JsonObject
        {
            ["url"] = link.Url,
            ["listen"] = true,
            ["deaf"] = isDeaf,
            ["damaged"] = damaged,
            ["pitches"] = new JsonArray(Pitch),
            ["duration"] = Length,
            ["until"] = 12, // both segments are there by then
        });
    }
}
