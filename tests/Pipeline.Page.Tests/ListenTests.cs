using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;

namespace Pipeline.Page.Tests;

/// <summary>What comes out of the speakers, against what was spoken: tones whose pitch says whose they are.</summary>
public sealed class ListenTests(PageApp app)
{
    private const int Ada = 440;
    private const int Grace = 1_250;
    private const double Length = 60;

    // Two people who begin a tone at their own moment of every second.
    private static Speaker[] Pair => [Beeping(11, "Ada Lovelace", Ada, 0.25), Beeping(12, "Grace Hopper", Grace, 0.6)];

    [Fact]
    public async Task Every_track_sounds_at_its_place()
    {
        JsonNode result = await ListenAsync();
        AtTheirPlaces(result["first"]!, Ada, 0.25, 0);
        AtTheirPlaces(result["first"]!, Grace, 0.6, 0);
        AtTheirPlaces(result["afterSeek"]!, Ada, 0.25, 41);
        AtTheirPlaces(result["afterSeek"]!, Grace, 0.6, 41);
        Assert.InRange(result["at"]!.GetValue<double>(), 41, 50);
        Assert.NotEmpty(Places(result["solo"]!, Ada));
        Assert.Empty(Places(result["solo"]!, Grace));
        Assert.Equal(0, result["muted"]!.GetValue<double>());
        Assert.Equal("Play", result["paused"]!.GetValue<string>());
        Browser.RequireQuiet(result);
    }

    [Fact]
    public async Task Speed_keeps_the_pitch_and_silence_is_skipped()
    {
        // One second of talk, half a minute of nothing, then talk again.
        Speaker speaker = new(21, "Ada", [(0, 15 * Speaker.Rate), (50 * Speaker.Rate, 10 * Speaker.Rate)], Beeps(Ada, 0.25, Length));
        SpokenCall call = await app.FinishedAsync(app.Call("Fast", speaker), Length);
        ShareDetails link = await app.ShareAsync(call.Id, "listen");
        JsonNode result = await Browser.RunAsync("speed",
            new JsonObject
            {
                ["url"] = link.Url,
                ["listen"] = true,
                ["duration"] = Length,
                ["pitches"] = new JsonArray(Ada),
                ["skipTo"] = 52
            });
        Assert.InRange(result["gained"]!.GetValue<double>() / result["took"]!.GetValue<double>(), 1.6, 2.4);
        Assert.InRange(result["heard"]![$"{Ada}"]!.GetValue<int>(), 5, 10);
        Assert.InRange(result["skipped"]!.GetValue<double>(), 10, 40);
        Browser.RequireQuiet(result);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Next_word_of_one_track_is_found_behind_more_than_a_thousand_segments_of_others()
    {
        Speaker[] speakers =
        [
            new(22, "Ada", [.. Enumerable.Range(0, 1_100).Select(turn => ((long)turn * Speaker.Rate / 2, Speaker.Rate / 10L))], []),
            new(23, "Grace", [(600 * Speaker.Rate, 20L * Speaker.Rate)], [new Tone(600, 20, Grace)]),
        ];
        RecordingId call = await new LongCall(app.Functions.Api, "Far", speakers).BringAsync(700);
        ShareDetails link = await app.ShareAsync(call, "listen");
        JsonNode result = await Browser.RunAsync("skip", new JsonObject { ["url"] = link.Url, ["name"] = "Grace", ["past"] = 500 });
        Assert.InRange(result["skipped"]!.GetValue<double>(), 599, 605); // a quarter of a second of the silence is left
        Assert.InRange(result["next"]!.GetValue<double>(), 600, 601);
        Browser.RequireQuiet(result);
    }

    [Fact]
    public async Task Track_that_was_muted_while_it_loaded_comes_back_once()
    {
        JsonNode result = await ListenAsync("mute", new JsonObject { ["name"] = "Ada" });
        Assert.Empty(Places(result["without"]!, Ada));
        // The first tone is cut where the track comes back within it, on a busy machine.
        AtTheirPlaces(result["back"]!, Ada, 0.25, Places(result["back"]!, Ada)[0] + 0.5);
        AtTheirPlaces(result["back"]!, Grace, 0.6, 0);
        Assert.InRange(result["tallest"]!.GetValue<double>(), 0.2, 0.3); // its own height: nothing is played over itself
        Browser.RequireQuiet(result);
    }

    [Fact]
    public async Task Second_click_at_one_place_is_heard_like_the_first()
    {
        // A tone that begins just behind the place: the first piece from there holds it.
        JsonNode result = await ListenAsync("twice", new JsonObject { ["seekTo"] = 40.1 });
        double[] places = Places(result["heard"]!, Ada);
        Assert.Contains(places, place => Math.Abs(place - 40.25) < 0.1); // a cursor that has just begun to move comes late
        Assert.Empty(result["said"].Deserialize<string[]>()!);
        Browser.RequireQuiet(result);
    }

    [Fact]
    public async Task Clock_of_the_reader_that_is_minutes_ahead_changes_nothing()
    {
        JsonNode result = await ListenAsync("fast", new JsonObject { ["ahead"] = 360_000, ["timeout"] = 20_000 });
        Assert.InRange(result["lists"]!.GetValue<int>(), 1, 3);
        Browser.RequireQuiet(result);
    }

    private async Task<JsonNode> ListenAsync(string scenario = "listen", JsonObject? more = null)
    {
        SpokenCall call = await app.FinishedAsync(app.Call("Two voices", Pair), Length);
        ShareDetails link = await app.ShareAsync(call.Id, "listen", "download");
        JsonObject input = more ?? [];
        input["url"] = link.Url;
        input["listen"] = true;
        input["duration"] = Length;
        input["seekTo"] ??= 40.5;
        input["pitches"] = new JsonArray(Ada, Grace);
        return await Browser.RunAsync(scenario, input);
    }

    // The clock of the sound and the picture of the cursor are read a frame apart at most.
    private static void AtTheirPlaces(JsonNode heard, int pitch, double offset, double from)
    {
        double[] places = [.. Places(heard, pitch).Where(place => place >= from)];
        Assert.True(places.Length >= 2, $"{pitch} Hz was heard {places.Length} times");
        double[] off = [.. places.Select(place => place - offset - Math.Round(place - offset)).Order()];
        Assert.InRange(off[off.Length / 2], -0.02, 0.02);
        Assert.InRange(off[^1] - off[0], 0, 0.02);
    }

    private static double[] Places(JsonNode heard, int pitch) => heard[$"{pitch}"].Deserialize<double[]>()!;

    private static Speaker Beeping(ulong userId, string name, int pitch, double offset) =>
        new(userId, name, [(0, (long)(Length * Speaker.Rate))], Beeps(pitch, offset, Length));

    private static Tone[] Beeps(int pitch, double offset, double until) =>
        [.. Enumerable.Range(0, (int)until).Select(second => new Tone(second + offset, 0.12, pitch))];
}
