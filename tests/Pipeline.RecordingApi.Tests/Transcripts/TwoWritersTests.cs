using Microsoft.AspNetCore.Http;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>Two processes that write a recording's text, of which one has read it before its last words came.</summary>
public sealed class TwoWritersTests(AzuriteFixture azurite)
{
    private const ulong Ada = 91;
    private const string LookUp = "RowKey='f-transcript.json'", Stage = "transcript.json?comp=block&";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)] // who has less to say writes last
    [InlineData(Stage)] // who has all of it finds that the other one was at it
    public async Task Last_words_stay_in_the_text(string? held)
    {
        using Wire early = new(), last = new();
        await using TranscriptStage slow = await TranscriptStage.StartAsync(azurite, transport: early),
            other = await TranscriptStage.StartAsync(azurite, transport: last);
        other.Service.Answer = (_, _) => Task.FromResult(Results.Text("""{"text":"yes"}"""));
        Recorded recorded = await other.Stage.BeginAsync();
        await other.Stage.AddAsync(recorded, Ada, "Ada", 48_000, Speech.Of("ada", 2 * 48_000), 1);
        await other.Stage.FinalizeAsync(recorded);
        await other.TranscribeAsync(recorded);
        TranscriptTable table = other.Stage.Get<TranscriptTable>();
        Stretch first = Assert.Single(await table.ReadAsync(recorded.Id, withText: false, Cancellation)).Stretch;
        TrackRow track = await table.FindTrackAsync(recorded.Id, Ada, Cancellation);
        Stretch more = first with { Pieces = [new SampleStretch(20 * 48_000, 48_000)] };
        Assert.True(await table.TryPlanAsync(recorded.Id, Ada, track, [more], [], Cancellation));

        early.Hold(LookUp);
        Task writing = slow.Stage.Get<TranscriptFiles>().RefreshAsync(recorded.Id, Cancellation);
        await early.IsHeldAsync();
        await SayAsync(table, recorded.Id, "the last words");
        await table.CompleteAsync(recorded.Id, isOverBudget: false, Cancellation);
        if (held is not null) last.Hold(held);
        RecordingDetails details = await other.DetailsAsync(recorded);
        Task telling = other.Stage.Get<TranscriptFiles>().TellAsync(details, Cancellation);
        await (held is null ? telling : last.IsHeldAsync());
        early.LetGo();
        await writing;
        if (held is not null) last.LetGo();
        await telling;

        Assert.Equal("ready", (await other.JsonAsync(recorded)).GetProperty("status").GetString());
        foreach (string name in new[] { "transcript.json", "transcript.vtt", "transcript.srt", "transcript.txt" })
            Assert.Contains("the last words", await other.TextAsync(recorded, name), StringComparison.Ordinal);
        Assert.Equal(2, (await other.EventsAsync(recorded)).Count(type => type == "transcript.ready"));
        TranscriptHead head = (await table.FindHeadAsync(recorded.Id, Cancellation))!;
        Assert.Equal(head.Stamp, head.Written);
    }

    [Fact]
    public async Task Text_that_others_write_each_time_has_its_message_come_back_and_is_not_told()
    {
        using Wire wire = new();
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite, transport: wire);
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text("""{"text":"yes"}"""));
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 48_000, Speech.Of("ada", 2 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);
        await stage.TranscribeAsync(recorded);
        TranscriptTable table = stage.Stage.Get<TranscriptTable>();
        RecordingDetails details = await stage.DetailsAsync(recorded);
        await table.CompleteAsync(recorded.Id, isOverBudget: true, Cancellation); // another status: there is something to write
        int times = 0;
        wire.Before = address => address.Contains("transcript.json?comp=blocklist", StringComparison.Ordinal)
            ? table.CompleteAsync(recorded.Id, isOverBudget: times++ % 2 == 1, Cancellation) : Task.CompletedTask;

        await Assert.ThrowsAsync<IOException>(() => stage.Stage.Get<TranscriptFiles>().TellAsync(details, Cancellation));

        wire.Before = null;
        Assert.Equal(8, times);
        Assert.Equal(1, (await stage.EventsAsync(recorded)).Count(type => type == "transcript.ready"));
    }

    /// <summary>What the service heard in the stretch that waits.</summary>
    private static async Task SayAsync(TranscriptTable table, RecordingId recording, string text)
    {
        StretchRow row = Assert.Single(await table.ReadAsync(recording, withText: false, Cancellation),
            row => row.State == StretchState.Waiting);
        StretchRow claimed = (await table.TryClaimAsync(recording, row, DateTimeOffset.MaxValue, Cancellation))!;
        StretchText heard = new(null, [new TextPhrase(20, 21, text, null, [])]);
        Assert.True(await table.TryFinishAsync(recording, claimed with
        {
            ClaimedUntil = null,
            State = StretchState.Done,
            Text = heard,
        }, Cancellation));
    }
}
