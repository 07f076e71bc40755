using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;
using Pipeline.TestKit;
using Pipeline.TestKit.Speech;
using Pipeline.TestKit.Stage;

namespace Pipeline.Page.Tests;

/// <summary>From segments that a bot brings to text on the page: the app as a process, its queues, a speech service on loopback.</summary>
public sealed class TranscriptTests
{
    private const string Spoken = "Zwölf Boxkämpfer & <Eva> jagen";

    [Fact]
    public async Task What_was_said_is_read_searched_and_taken_as_captions()
    {
        Assert.SkipUnless(File.Exists(Browser.Path), $"{Browser.Path} is missing: run infra/setup.sh");
        await using SpeechService service = await SpeechService.StartAsync();
        service.Answer = (request, _) => Task.FromResult(Results.Text(JsonSerializer.Serialize(new
        {
            text = Spoken,
            language = "german",
            segments = new[] { new { start = 1.0, end = 3.0, text = request.Seconds > 8 ? Spoken : "שלום" } },
        })));
        await using Azurite azurite = await Azurite.StartAsync();
        await using FunctionsApp app = await StartAsync(azurite, service);
        Speaker[] speakers =
        [
            new(61, "Ada Lovelace", [(2 * Speaker.Rate, 10L * Speaker.Rate)], [new Tone(2, 10, 440)]),
            new(62, "Noa", [(14 * Speaker.Rate, 5L * Speaker.Rate)], [new Tone(14, 5, 660)]),
        ];
        SpokenCall call = new(azurite.ConnectionString, "Words", speakers);
        await call.StartAsync();
        await call.SpeakAsync(20);
        await call.StopAsync(20);
        await app.Api.WaitUntilCompletedAsync(call.Id.ToString(), TimeSpan.FromMinutes(4));
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while ((await app.Api.Http.GetFromJsonAsync($"/api/recordings/{call.Id}?segments=none", WireJsonContext.Default.RecordingDetails,
            patience.Token))!.Transcript?.Status != TranscriptState.Ready)
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, patience.Token);
        ShareDetails link = await ShareAsync(app, call);

        JsonNode result = await Browser.RunAsync("transcript", new JsonObject
        {
            ["url"] = link.Url,
            ["search"] = "zwölf",
            ["vtt"] = new Uri(app.BaseUrl, $"/r/{call.Id}/api/files/transcript.vtt").AbsoluteUri,
        });

        string[] shown = result["shown"].Deserialize<string[]>()!;
        Assert.Equal(2, shown.Length);
        Assert.Contains("Ada Lovelace", shown[0], StringComparison.Ordinal);
        Assert.Contains(Spoken, shown[0], StringComparison.Ordinal);
        Assert.Contains("שלום", shown[1], StringComparison.Ordinal);
        Assert.Equal([Spoken], result["found"].Deserialize<string[]>()!);
        JsonArray cues = result["cues"]!.AsArray();
        Assert.Equal(["Ada Lovelace", "Noa"], cues.Select(cue => cue!["speaker"]!.GetValue<string>()));
        Assert.Equal([Spoken, "שלום"], cues.Select(cue => cue!["text"]!.GetValue<string>()));
        Assert.Equal([3.0, 15.0], cues.Select(cue => cue!["start"]!.GetValue<double>()));
        Assert.Empty(result["findings"]!.AsArray());
        Assert.Empty(service.Refused);
        Assert.Equal(2, service.Requests.Count);
        Browser.RequireQuiet(result);
    }

    [Fact]
    public async Task Text_grows_under_a_search_and_its_last_words_come_after_the_end()
    {
        Assert.SkipUnless(File.Exists(Browser.Path), $"{Browser.Path} is missing: run infra/setup.sh");
        await using SpeechService service = await SpeechService.StartAsync();
        TaskCompletionSource last = new();
        service.Answer = async (request, _) =>
        {
            // Who said it is told by how long it took.
            if (request.Seconds < 4) await last.Task;
            string text = request.Seconds switch { < 4 => "the last word", < 8 => "and then some", _ => "the first word" };
            return Results.Text(JsonSerializer.Serialize(new { text, language = "en" }));
        };
        await using Azurite azurite = await Azurite.StartAsync();
        await using FunctionsApp app = await StartAsync(azurite, service);
        Speaker[] speakers =
        [
            new(61, "Ada", [(2 * Speaker.Rate, 10L * Speaker.Rate), (20 * Speaker.Rate, 5L * Speaker.Rate)],
                [new Tone(2, 10, 440), new Tone(20, 5, 440)]),
            new(62, "Noa", [(26 * Speaker.Rate, 3L * Speaker.Rate)], [new Tone(26, 3, 660)]),
        ];
        SpokenCall call = new(azurite.ConnectionString, "Words", speakers);
        await call.StartAsync();
        await call.SpeakAsync(13);
        ShareDetails link = await ShareAsync(app, call);

        JsonNode result = await Browser.RunAsync("growing", new JsonObject
        {
            ["url"] = link.Url,
            ["search"] = "word",
            ["first"] = "the first word",
            ["second"] = "and then some",
            ["last"] = "the last word",
        }, async word =>
        {
            if (word == "speak") await call.SpeakAsync(25);
            if (word == "answer") last.SetResult();
            if (word != "stop") return;
            await call.SpeakAsync(30);
            await call.StopAsync(30);
        });

        JsonNode during = result["during"]!;
        Assert.Equal(("word", true, true), (during["value"]!.GetValue<string>(), during["isFocused"]!.GetValue<bool>(),
            during["isSameRow"]!.GetValue<bool>()));
        Assert.Equal(result["before"]!.GetValue<int>(), during["intervals"]!.GetValue<int>());
        Assert.Equal([("the first word", false), ("and then some", true)], Rows(result["grown"]!));
        Assert.Equal([("the first word", false), ("and then some", false)], Rows(result["atEnd"]!));
        Assert.Equal([("the first word", false), ("and then some", false), ("the last word", false)], Rows(result["after"]!));
        Browser.RequireQuiet(result);
    }

    private static Task<FunctionsApp> StartAsync(Azurite azurite, SpeechService service) =>
        FunctionsApp.StartAsync(azurite, new Dictionary<string, string?>
        {
            ["RENDER_FORMATS"] = "flac",
            ["Transcription__Endpoint"] = service.OpenAi.AbsoluteUri,
            ["Transcription__Key"] = SpeechService.Key,
        });

    private static IEnumerable<(string Text, bool IsHidden)> Rows(JsonNode rows) =>
        rows.AsArray().Select(row => (row!["text"]!.GetValue<string>(), row["hidden"]!.GetValue<bool>()));

    /// <summary>A new link; asked for until the recording is known.</summary>
    private static async Task<ShareDetails> ShareAsync(FunctionsApp app, SpokenCall call)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            using HttpResponseMessage shared = await app.Api.Http.PostAsJsonAsync($"/api/recordings/{call.Id}/shares",
                new ShareRequest { Scopes = ["listen", "download"] }, WireJsonContext.Default.ShareRequest, patience.Token);
            // The first list of segments has the storage let a page read, which may come after the page's first look at the files.
            if (shared.IsSuccessStatusCode)
            {
                await app.Api.Http.GetStringAsync(new Uri($"/api/recordings/{call.Id}/segments", UriKind.Relative), patience.Token);
                return JsonSerializer.Deserialize(await shared.Content.ReadAsByteArrayAsync(patience.Token),
                    WireJsonContext.Default.ShareDetails)!;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
        }
    }
}
