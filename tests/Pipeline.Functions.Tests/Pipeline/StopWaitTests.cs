using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>How long the end of a recording waits for its segments, and who brings it back when one comes late.</summary>
public sealed class StopWaitTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    // Near the real time, because the emulator judges signatures by its own clock; whole seconds, as tables keep them.
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
    private readonly SentMessages sent = new();
    private App app = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => clock.GetUtcNow();

    private LedgerTable Ledger => app.Get<LedgerTable>();

    public async ValueTask InitializeAsync()
    {
        app = await App.StartAsync(azurite.ConnectionString, time: clock,
            services: services => sent.Register(services, azurite.ConnectionString));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        sent.Dispose();
    }

    [Fact]
    public async Task Wait_grows_by_half_up_to_a_minute_and_is_two_seconds_at_most_while_segments_come()
    {
        Session session = new(74_040, (5, "Ada", 3));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.Equal((1, 1.5, 2), (await WaitAsync(0), await WaitAsync(1), await WaitAsync(2)));
        clock.Advance(TimeSpan.FromSeconds(8) - Tick);
        Assert.Equal(2, await WaitAsync(3));
        clock.Advance(Tick); // four times the pause in which something should have come
        Assert.Equal(Math.Pow(1.5, 4), await WaitAsync(4), 6);
        Assert.Equal(Math.Pow(1.5, 10), await WaitAsync(10), 6);
        Assert.Equal((60, 60), (await WaitAsync(11), await WaitAsync(1_000)));
        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.Equal(2, await WaitAsync(1_001));

        // To the deadline nothing is ended, from then on it is.
        clock.Advance(TimeSpan.FromMinutes(15) - Tick);
        Assert.Equal(60, await WaitAsync(1_002));
        clock.Advance(Tick);
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 1_003 }));
        RecordingDetails partial = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, 2, 1), (partial.Status, partial.SegmentCount, partial.MissingSegmentCount));

        async Task<double> WaitAsync(int attempt)
        {
            Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = attempt, Outages = 5 }));
            LedgerRecording row = (await Ledger.FindRecordingAsync(session.Id, Cancellation))!;
            Assert.Equal((RecordingState.Stopping, attempt + 1, true), (row.State, row.Ticket!.Attempt, row.Ticket.IsSent));
            double seconds = (row.Ticket.DueAt - Now).TotalSeconds;
            (TimeSpan delay, RecordingStopped message) = sent.Stops.Last();
            Assert.Equal((session.Id, attempt + 1, 0, Math.Floor(seconds)),
                (message.Session.RecordingId, message.Attempt, message.Outages, delay.TotalSeconds));
            return seconds;
        }
    }

    [Fact]
    public async Task Copy_of_a_stop_comes_again_while_the_next_may_not_be_sent_and_ends_when_it_is()
    {
        Session session = new(74_041, (5, "Ada", 1));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        ReturnTicket other = ReturnTicket.Before(3, "another", Now);
        await Ledger.UpdateRecordingAsync(session.Id, row => row with { Ticket = other }, Cancellation);
        int before = sent.Stops.Count();
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 2 }));
        (TimeSpan delay, RecordingStopped again) = Assert.Single(sent.Stops.Skip(before));
        Assert.Equal((2, 5), (again.Attempt, delay.TotalSeconds));

        await Ledger.UpdateRecordingAsync(session.Id, row => row with { Ticket = other.Sent(Now) }, Cancellation);
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 2 }));
        Assert.Equal(before + 1, sent.Stops.Count());
        Assert.Equal("another", (await Ledger.FindRecordingAsync(session.Id, Cancellation))!.Ticket!.Token);
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData(900.0, null, true)]
    [InlineData(899.9, null, false)]
    [InlineData(5_000.0, 899.9, false)]
    [InlineData(5_000.0, 900.0, true)]
    [InlineData(86_399.9, 1.0, false)]
    [InlineData(86_400.0, 1.0, true)] // whatever still comes
    public void Wait_is_over_when_nothing_comes_or_the_stop_is_a_day_ago(double? stop, double? progress, bool isOver)
    {
        StopWait wait = new(null!, null!, new DeliveryOptions(), clock, NullLogger<StopWait>.Instance);
        Assert.Equal(isOver, wait.IsOver(new LedgerRecording
        {
            Session = new Session(74_042).Info,
            State = RecordingState.Stopping,
            Flow = UploadFlow.Live,
            CreatedAt = Now,
            StopSeenAt = Now - (stop is { } ago ? TimeSpan.FromSeconds(ago) : TimeSpan.Zero),
            ProgressAt = progress is { } since ? Now - TimeSpan.FromSeconds(since) : null,
        }));
    }

    [Fact]
    public async Task Segment_that_is_new_brings_a_finalizer_back_and_one_that_was_counted_does_not()
    {
        Session session = new(74_043, (5, "Ada", 2));
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with { Tracks = [] });
        Assert.True(await app.MoveAsync(session.Segments[0]));
        RecordingStopped stopped = session.Stopped with { Tracks = [] };
        Assert.True(await app.FinalizeAsync(stopped));
        Assert.DoesNotContain(session.Id, await LiveAsync());

        Assert.True(await app.MoveAsync(session.Segments[0])); // its message comes again
        Assert.Equal(RecordingState.Finalized, (await Ledger.FindRecordingAsync(session.Id, Cancellation))!.State);
        Assert.Empty(sent.Stops);

        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.Equal(RecordingState.Amending, (await Ledger.FindRecordingAsync(session.Id, Cancellation))!.State);
        (TimeSpan delay, RecordingStopped again) = Assert.Single(sent.Stops);
        Assert.Equal((3, session.Id, stopped.EndedAt, EndReason.Stopped, stopped.SampleCount, null), (delay.TotalSeconds,
            again.Session.RecordingId, again.EndedAt, again.EndReason, again.SampleCount, again.Tracks));
        Assert.Contains(session.Id, await LiveAsync());
        Assert.True(await app.FinalizeAsync(again));
        Assert.DoesNotContain(session.Id, await LiveAsync());
        Assert.Equal(2, (await app.RecordingAsync(session.Id))!.SegmentCount);
    }

    [Fact]
    public async Task Nothing_of_a_deleted_recording_is_written_again_by_its_stop()
    {
        Session session = new(74_044, (5, "Ada", 1));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await app.DeleteRecordingAsync(session.Id);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.Null(await Ledger.FindManifestAsync(session.Id, Cancellation));
        Assert.DoesNotContain(session.Id, await LiveAsync());
        Assert.Empty(sent.Stops);
    }

    private async Task<List<RecordingId>> LiveAsync() =>
        await Ledger.ListLiveAsync(Cancellation).Select(live => live.Recording).ToListAsync(Cancellation);
}
