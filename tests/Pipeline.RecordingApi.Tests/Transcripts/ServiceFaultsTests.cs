using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>A service that is away, slow, or talks nonsense: the recording is untouched, no text is lost and none comes twice.</summary>
public sealed class ServiceFaultsTests(AzuriteFixture azurite)
{
    private const ulong Ada = 41;
    private const string Heard = """
        {"task":"transcribe","language":"english","duration":5,"text":"hello there",
        "segments":[{"start":0.5,"end":2.5,"text":" hello there","avg_logprob":-0.1}],
        "words":[{"word":"hello","start":0.5,"end":1.0},{"word":"there","start":1.2,"end":2.5}]}
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string> Faults => ["500", "429", "401", "nonsense", "null", "html", "cut", "slow", "none"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Fault_is_said_waited_for_and_then_the_text_comes_once(string fault)
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite, service =>
            TranscriptStage.OpenAi(service) with { Timeout = TimeSpan.FromSeconds(2) });
        Recorded recorded = await TalkAsync(stage);
        stage.Service.Answer = (_, context) => AnswerAsync(fault, context);

        await stage.TranscribeAsync(recorded);
        int asked = stage.Service.Requests.Count;
        await stage.TranscribeAsync(recorded);

        Assert.Equal(1, asked);
        Assert.Equal(asked, stage.Service.Requests.Count); // not before it is due
        RecordingDetails waiting = await stage.DetailsAsync(recorded);
        Assert.Equal((RecordingStatus.Completed, 2), (waiting.Status, waiting.SegmentCount));
        Assert.Equal(TranscriptState.Running, waiting.Transcript!.Status);
        Assert.True(waiting.Transcript.WaitingSamples > 0);
        Assert.Contains("asked again", waiting.Transcript.Problem, StringComparison.Ordinal);

        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text(Heard));
        stage.Time.By += fault == "429" ? TimeSpan.FromSeconds(121) : TimeSpan.FromSeconds(11);
        await stage.TranscribeAsync(recorded);
        await stage.TranscribeAsync(recorded);

        Assert.Equal(asked + 1, stage.Service.Requests.Count);
        JsonElement turn = Assert.Single((await stage.JsonAsync(recorded)).GetProperty("turns").EnumerateArray());
        Assert.Equal("hello there", turn.GetProperty("text").GetString());
        Assert.Equal((2.5, 4.5), (turn.GetProperty("start").GetDouble(), turn.GetProperty("end").GetDouble()));
        Assert.Equal(TranscriptState.Ready, (await stage.DetailsAsync(recorded)).Transcript!.Status);
        Assert.Equal(1, (await stage.EventsAsync(recorded)).Count(type => type == "transcript.ready"));
    }

    [Fact]
    public async Task Pause_that_a_busy_service_asks_for_is_kept()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await TalkAsync(stage);
        stage.Service.Answer = (_, context) => AnswerAsync("429", context);
        await stage.TranscribeAsync(recorded);

        stage.Time.By += TimeSpan.FromSeconds(100);
        await stage.TranscribeAsync(recorded);
        Assert.Single(stage.Service.Requests);
        stage.Time.By += TimeSpan.FromSeconds(21);
        await stage.TranscribeAsync(recorded);
        Assert.Equal(2, stage.Service.Requests.Count);
    }

    [Fact]
    public async Task Talk_that_finds_all_places_taken_gives_its_function_back_and_is_sent_later()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite, service =>
            TranscriptStage.OpenAi(service) with { Parallelism = 1 });
        Recorded busy = await TalkAsync(stage), waiting = await TalkAsync(stage);
        TaskCompletionSource asked = new(), goOn = new();
        stage.Service.Answer = async (_, _) =>
        {
            asked.TrySetResult();
            await goOn.Task;
            return Results.Text(Heard);
        };
        Task slow = stage.TranscribeAsync(busy);
        await asked.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        stage.Time.Speed = 1_000; // what waits a minute waits 60 ms
        await stage.TranscribeAsync(waiting).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Single(stage.Service.Requests);
        Assert.False(slow.IsCompleted);
        stage.Time.Speed = 1;
        goOn.SetResult();
        await slow;
        stage.Time.By += TimeSpan.FromSeconds(11);
        await stage.TranscribeAsync(waiting);
        Assert.Equal(TranscriptState.Ready, (await stage.DetailsAsync(waiting)).Transcript!.Status);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(415)]
    public async Task Sound_that_the_service_refuses_three_times_is_given_up_and_said(int status)
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await TalkAsync(stage);
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text("no", statusCode: status));
        for (int turn = 0; turn < 5; turn++)
        {
            await stage.TranscribeAsync(recorded);
            stage.Time.By += TimeSpan.FromMinutes(10);
        }

        Assert.Equal(3, stage.Service.Requests.Count);
        TranscriptState state = (await stage.DetailsAsync(recorded)).Transcript!;
        Assert.Equal((TranscriptState.Partial, 0), (state.Status, state.WaitingSamples));
        Assert.Contains($"it answered {status}", state.Problem, StringComparison.Ordinal);
        string[] told = await stage.EventsAsync(recorded);
        Assert.Contains("recording.problem", told);
        Assert.Contains("transcript.ready", told);
        Assert.Equal("partial", (await stage.JsonAsync(recorded)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Answer_that_no_row_holds_is_paid_for_three_times_and_then_said()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await TalkAsync(stage);
        string endless = JsonSerializer.Serialize(new { text = new string('a', 2 << 20) });
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text(endless));
        for (int turn = 0; turn < 5; turn++)
        {
            await stage.TranscribeAsync(recorded);
            stage.Time.By += TimeSpan.FromMinutes(10);
        }

        Assert.Equal(3, stage.Service.Requests.Count);
        TranscriptState state = (await stage.DetailsAsync(recorded)).Transcript!;
        Assert.Equal((TranscriptState.Partial, 0), (state.Status, state.WaitingSamples));
        Assert.Contains("its text is too long", state.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"text":""}""", 0)]
    [InlineData("""{"text":"Yes.","segments":[null],"words":[null]}""", 1)]
    [InlineData("""{"segments":[null,{"start":0,"end":1,"text":"Yes."}],"words":[{"word":"Yes","end":1},null]}""", 1)]
    [InlineData("""{"text":"","segments":[],"words":[]}""", 0)]
    [InlineData("""{"text":"Yes.","segments":[{"start":-5,"end":1e300,"text":"Yes."}]}""", 1)]
    [InlineData("""{"text":"Yes."}""", 1)]
    [InlineData("""{"segments":[{"start":9,"end":1,"text":"Yes."}]}""", 1)]
    [InlineData("""{"segments":[{"start":0,"end":1,"text":"Yes."}],"words":[{"word":"Yes","end":1},{"word":" ","start":1}]}""", 1)]
    public async Task Empty_and_strange_answers_stay_within_the_talk(string answer, int turns)
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await TalkAsync(stage);
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text(answer));

        await stage.TranscribeAsync(recorded);

        JsonElement json = await stage.JsonAsync(recorded);
        Assert.Equal("ready", json.GetProperty("status").GetString());
        JsonElement[] said = [.. json.GetProperty("turns").EnumerateArray()];
        Assert.Equal(turns, said.Length);
        Assert.All(said, turn =>
        {
            Assert.Equal("Yes.", turn.GetProperty("text").GetString());
            Assert.InRange(turn.GetProperty("start").GetDouble(), 2, 40);
            Assert.InRange(turn.GetProperty("end").GetDouble(), turn.GetProperty("start").GetDouble(), 40);
        });
    }

    /// <summary>Two runs of talk with silence between; the talk begins at second 2.</summary>
    private static async Task<Recorded> TalkAsync(TranscriptStage stage)
    {
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 2 * 48_000, Speech.Of("ada", 5 * 48_000, 2), 2);
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 30 * 48_000, Speech.Of("ada", 3 * 48_000, 2), 2);
        await stage.Stage.FinalizeAsync(recorded);
        return recorded;
    }

    private static async Task<IResult> AnswerAsync(string fault, HttpContext context)
    {
        switch (fault)
        {
            case "429":
                context.Response.Headers.RetryAfter = "120";
                return Results.StatusCode(429);
            case "nonsense":
                return Results.Text("""{"text":["a","list"],"segments":7}""");
            case "null":
                return Results.Text("null");
            case "html":
                return Results.Text("<html>It works!</html>");
            case "none":
                return Results.Text("""{"task":"transcribe"}""");
            case "cut":
                context.Abort();
                return Results.Empty;
            case "slow":
                await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System, context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return Results.Empty;
            default:
                return Results.StatusCode(int.Parse(fault, System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
