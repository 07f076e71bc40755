using Microsoft.AspNetCore.Http;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>When a service that gives no text is asked again, and when not any more.</summary>
public sealed class StretchTriesTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const ulong Ada = 71;
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private TranscriptStage stage = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => stage.Time.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        stage = await TranscriptStage.StartAsync(azurite);
        stage.Time.StoppedAt = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        stage.Service.Answer = (_, _) => Task.FromResult(Results.StatusCode(503));
    }

    public ValueTask DisposeAsync() => stage.DisposeAsync();

    [Fact]
    public async Task Pauses_grow_to_a_quarter_of_an_hour()
    {
        Recorded recorded = await TalkAsync();
        int tries = 0;
        foreach (int seconds in new[] { 10, 30, 120, 300, 900, 900 })
        {
            await stage.TranscribeAsync(recorded);
            Assert.Equal(Now.AddSeconds(seconds), (await RowAsync(recorded)).DueAt);
            stage.Time.By += TimeSpan.FromSeconds(seconds) - Tick;
            await stage.TranscribeAsync(recorded);
            Assert.Equal(++tries, stage.Service.Requests.Count);
            stage.Time.By += Tick;
        }
    }

    [Theory]
    [InlineData("500", 500)]
    [InlineData("172800", 86_400)] // more than a day is not waited for
    [InlineData("5", 10)]
    [InlineData("-5", 10)]
    public async Task Pause_that_the_service_asks_for_is_kept_up_to_a_day(string asked, int seconds)
    {
        Recorded recorded = await TalkAsync();
        stage.Service.Answer = (_, context) =>
        {
            context.Response.Headers.RetryAfter = asked;
            return Task.FromResult(Results.StatusCode(429));
        };
        await stage.TranscribeAsync(recorded);
        Assert.Equal(Now.AddSeconds(seconds), (await RowAsync(recorded)).DueAt);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(5, 60)] // its own pause is a quarter of an hour by then
    public async Task Other_recordings_wait_too_but_a_minute_at_most(int tries, int seconds)
    {
        Recorded away = await TalkAsync(), other = await TalkAsync();
        for (int attempt = 1; attempt <= tries; attempt++)
        {
            if (attempt > 1) stage.Time.By += TimeSpan.FromMinutes(16);
            await stage.TranscribeAsync(away);
        }
        Assert.Equal(tries, stage.Service.Requests.Count);
        stage.Time.By += TimeSpan.FromSeconds(seconds) - Tick;
        await stage.TranscribeAsync(other);
        Assert.Equal(tries, stage.Service.Requests.Count);
        stage.Time.By += Tick;
        await stage.TranscribeAsync(other);
        Assert.Equal(tries + 1, stage.Service.Requests.Count);
    }

    [Fact]
    public async Task Hundredth_try_is_the_last()
    {
        Recorded recorded = await TalkAsync();
        await stage.TranscribeAsync(recorded);
        TranscriptTable table = stage.Stage.Get<TranscriptTable>();
        foreach ((int before, StretchState state) in new[] { (98, StretchState.Waiting), (99, StretchState.Failed) })
        {
            stage.Time.By += TimeSpan.FromHours(1);
            Assert.True(await table.TryFinishAsync(recorded.Id, await RowAsync(recorded) with { Attempts = before }, Cancellation));
            await stage.TranscribeAsync(recorded);
            StretchRow row = await RowAsync(recorded);
            Assert.Equal((state, before + 1, "it answered 503"), (row.State, row.Attempts, row.Reason));
        }
    }

    [Fact]
    public async Task Talk_whose_hundred_tries_all_ended_with_their_process_is_not_sent_any_more()
    {
        Recorded recorded = await TalkAsync();
        await stage.TranscribeAsync(recorded);
        TranscriptTable table = stage.Stage.Get<TranscriptTable>();
        stage.Time.By += TimeSpan.FromHours(1);
        StretchRow row = await RowAsync(recorded) with { Attempts = 100, Reason = null, ClaimedUntil = Now - Tick };
        Assert.True(await table.TryFinishAsync(recorded.Id, row, Cancellation));

        await stage.TranscribeAsync(recorded);

        Assert.Single(stage.Service.Requests);
        TranscriptState state = (await stage.DetailsAsync(recorded)).Transcript!;
        Assert.Equal(TranscriptState.Partial, state.Status);
        Assert.Contains("no try came to its end", state.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stretch_is_held_for_as_long_as_a_request_may_take_and_half_a_minute()
    {
        Recorded recorded = await TalkAsync();
        StretchRow held = null!;
        stage.Service.Answer = async (_, _) =>
        {
            held = await RowAsync(recorded);
            // Another message for the same talk.
            await stage.Stage.Get<TranscribeRecording>().RunAsync(new TranscribeStretch { RecordingId = recorded.Id, UserId = Ada },
                Cancellation);
            return Results.Text("""{"text":"yes"}""");
        };
        await stage.TranscribeAsync(recorded);
        Assert.Single(stage.Service.Requests);
        Assert.Equal((1, Now.AddSeconds(20 + 30)), (held.Attempts, held.ClaimedUntil));
        StretchRow row = await RowAsync(recorded);
        Assert.Equal((StretchState.Done, null, null), (row.State, row.ClaimedUntil, row.DueAt));
    }

    [Fact]
    public async Task Talk_as_long_as_the_budget_is_sent()
    {
        await using TranscriptStage small = await TranscriptStage.StartAsync(azurite, service =>
            TranscriptStage.OpenAi(service) with { Budget = TimeSpan.FromMinutes(1) });
        Recorded recorded = await TalkAsync();
        await small.Stage.AddAsync(recorded, Ada, "Ada", 10 * 48_000, Speech.Of("ada", 58 * 48_000), 1);
        await small.Stage.FinalizeAsync(recorded, amends: true);
        await small.TranscribeAsync(recorded);
        TranscriptState state = (await small.DetailsAsync(recorded)).Transcript!;
        Assert.Equal((TranscriptState.Ready, 60 * 48_000L, 68 * 48_000L), (state.Status, state.TranscribedSamples, state.UpToSample));
    }

    [Fact]
    public async Task Text_is_known_up_to_where_the_first_that_waits_begins()
    {
        Recorded recorded = await TalkAsync();
        await stage.TranscribeAsync(recorded);
        TranscriptState state = (await stage.DetailsAsync(recorded)).Transcript!;
        Assert.Equal((48_000L, 2 * 48_000L, 0L), (state.UpToSample, state.WaitingSamples, state.TranscribedSamples));
    }

    [Fact]
    public void Message_is_hidden_for_whole_seconds_up_to_a_day()
    {
        StretchTries tries = stage.Stage.Get<StretchTries>();
        Assert.Equal((2, 3, 3), (tries.DelayUntil(Now.AddSeconds(2)).TotalSeconds, tries.DelayUntil(Now.AddSeconds(2) + Tick).TotalSeconds,
            tries.DelayUntil(Now.AddSeconds(3)).TotalSeconds));
        Assert.Equal(TimeSpan.Zero, tries.DelayUntil(Now.AddSeconds(-5)));
        Assert.Equal(TimeSpan.FromDays(1), tries.DelayUntil(Now.AddDays(3)));
        Assert.Equal((true, false, false), (tries.IsAhead(Now + Tick), tries.IsAhead(Now), tries.IsAhead(null)));
    }

    /// <summary>Two seconds of talk, from the first on.</summary>
    private async Task<Recorded> TalkAsync()
    {
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 48_000, Speech.Of("ada", 2 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);
        return recorded;
    }

    private async Task<StretchRow> RowAsync(Recorded recorded) =>
        Assert.Single(await stage.Stage.Get<TranscriptTable>().ReadAsync(recorded.Id, withText: false, Cancellation));
}
