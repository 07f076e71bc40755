using Azure.Core;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

public sealed class FinalizeRecordingTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_that_overtakes_its_segments_waits_for_them()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 300, (5, "Ada", 2));

        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(session.Id))!.Status);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 1 }));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, 2, 0), (recording.Status, recording.SegmentCount, recording.MissingSegmentCount));
    }

    [Fact]
    public async Task Late_segment_amends_a_partial_recording()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        Session session = await SessionAsync(app, 301, (5, "Ada", 3));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await UntilAsync(app, session, recording => recording.Status == RecordingStatus.Completed);
        Assert.Equal(2, (await app.RecordingAsync(session.Id))!.MissingSegmentCount);
        Assert.Empty((await app.RecordingAsync(session.Id))!.UnverifiedUserIds); // some of it is missing, none is wrong
        Assert.Equal(["missing"], await NotesAsync(app, session));
        Assert.True(await app.FinalizeAsync(session.Stopped)); // a copy of it waits for nothing once more
        Assert.Equal(RecordingState.Finalized, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);

        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.True(await app.MoveAsync(session.Segments[2]));
        Assert.Equal(RecordingState.Amending, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);
        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = null }));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((3, 0), (recording.SegmentCount, recording.MissingSegmentCount));
        Assert.Equal("stopped", recording.EndReason);
        Assert.Empty(recording.UnverifiedUserIds);
    }

    [Fact]
    public async Task Unannounced_segment_after_a_whole_recording_is_added_too()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 302, (5, "Ada", 2));
        RecordingStopped early = Announcing(session, 1);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(early));
        Assert.Equal(1, (await app.RecordingAsync(session.Id))!.SegmentCount);

        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.True(await app.FinalizeAsync(early));

        Assert.Equal(2, (await app.RecordingAsync(session.Id))!.SegmentCount);
        Assert.Empty((await app.RecordingAsync(session.Id))!.UnverifiedUserIds);
    }

    [Fact]
    public async Task Segment_that_comes_while_its_recording_is_finalized_is_in_it()
    {
        using CutOff wire = new();
        await using App app = await App.StartAsync(azurite.ConnectionString, services: services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = azurite.ConnectionString }, null!, wire)));
        Session session = await SessionAsync(app, 74_030, (5, "Ada", 2));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        // When the end is noted the rows have been read.
        wire.Meanwhile = (RequestMethod.Put, $"ledger(PartitionKey='{session.Id}',RowKey='recording'",
            async () => Assert.True(await app.MoveAsync(session.Segments[1])));
        Assert.True(await app.FinalizeAsync(Announcing(session, 1)));
        Assert.Equal(2, (await app.RecordingAsync(session.Id))!.SegmentCount);
        Assert.Equal(2, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.FinalizedCount);
    }

    [Fact]
    public async Task Gap_of_a_takeover_begins_where_the_recorded_audio_ends()
    {
        const long Second = 48_000;
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 340, (5, "Ada", 4), (6, "Ben", 1));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        // The bot that took over knew of 12 s, and that Ada had been talking since 10 s; it went on at 100 s.
        SessionManifest manifest = session.Manifest(ManifestState.Stopped, TimeProvider.System.GetUtcNow()) with
        {
            Gaps =
            [
                new RecordingGap { UserId = 5, StartSample = 10 * Second, SampleCount = 2 * Second, Reason = RecordingGap.Takeover },
                new RecordingGap { StartSample = 12 * Second, SampleCount = 88 * Second, Reason = RecordingGap.Takeover },
                new RecordingGap { StartSample = 2 * Second, SampleCount = 3 * Second, Reason = "reconnect" },
            ],
        };
        await session.PutManifestAsync(app.Get<StorageClients>(), manifest);
        Assert.True(await app.FinalizeAsync(session.Stopped));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(
            [(null, 2 * Second, 3 * Second, "reconnect"), (6UL, 12 * Second, 28 * Second, "takeover"),
                (null, 40 * Second, 60 * Second, "takeover")],
            recording.Gaps.Select(gap => (gap.UserId, gap.StartSample, gap.SampleCount, gap.Reason)));
    }

    [Fact]
    public async Task Voice_whose_name_came_after_its_last_segment_has_it_in_the_running_and_in_the_finished_recording()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 74_031, (5, "Unknown voice", 2), (6, "Ben", 1));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        // The bot never learnt the second one's name in this process: what the segment says holds.
        TrackSummary[] tracks = [.. session.Tracks.Select(track => track with { Username = track.UserId == 5 ? "Ada" : "6" })];
        await session.PutManifestAsync(app.Get<StorageClients>(),
            session.Manifest(ManifestState.Recording, TimeProvider.System.GetUtcNow()) with { Tracks = tracks });
        Assert.Equal(["Ada", "Ben"], (await app.RecordingAsync(session.Id))!.Tracks.Select(track => track.Username));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = tracks }));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, 3), (recording.Status, recording.SegmentCount));
        Assert.Equal(["Ada", "Ben"], recording.Tracks.Select(track => track.Username));
        Assert.Equal(["Ada", "Ben"], recording.Segments.Select(segment => segment.Username).Distinct());
        Assert.Empty(recording.UnverifiedUserIds);
    }

    [Fact]
    public async Task Chain_that_does_not_add_up_is_told_and_hides_nothing()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 303, (5, "Ada", 2));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));

        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = [session.Tracks[0] with { Chain = SegmentChain.Empty }] }));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(["5"], recording.UnverifiedUserIds);
        Assert.Equal(2, recording.SegmentCount);
        Assert.Equal(["user 5"], await NotesAsync(app, session));
    }

    [Fact]
    public async Task Tracks_that_did_not_fit_into_the_message_are_read_from_the_manifest()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        Session session = await SessionAsync(app, 304, (5, "Ada", 2));
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        Assert.True(await app.MoveAsync(session.Segments[0]));

        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = null }));
        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(session.Id))!.Status);
        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = null, Attempt = 1 }));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(2, recording.SegmentCount);
        Assert.Equal("remember", Assert.Single(recording.Notes).Text);
        Assert.Equal(3, recording.Health["5"]["lost"]);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Silent_recording_is_completed_and_one_that_lost_everything_has_failed()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        Session silent = await SessionAsync(app, 305);
        Assert.True(await app.FinalizeAsync(silent.Stopped));
        Assert.Equal(RecordingStatus.Completed, (await app.RecordingAsync(silent.Id))!.Status);

        Session lost = new(306, (5, "Ada", 2));
        await UntilAsync(app, lost, recording => recording.Status == RecordingStatus.Failed);
        Assert.Equal(2, (await app.RecordingAsync(lost.Id))!.MissingSegmentCount);
    }

    [Fact]
    public async Task Hour_of_waiting_burns_no_dequeue_count()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RECORDING_FINALIZE_DEADLINE"] = "24h" });
        Session session = await SessionAsync(app, 307, (5, "Ada", 2));

        for (int attempt = 0; attempt < 30; attempt++) Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = attempt }));

        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(session.Id))!.Status);
        Assert.True(await app.Get<MessageQueues>().CountAsync(StorageNames.RecordingStoppedQueue, Cancellation) >= 30);
    }

    [Fact]
    public async Task Copies_of_a_waiting_stop_come_down_to_one()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 308, (5, "Ada", 2));

        bool[] copies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => app.FinalizeAsync(session.Stopped with { Attempt = 2 })));
        Assert.All(copies, Assert.True);
        Assert.Equal(1, Waits(app));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 3 }));
        Assert.Equal(2, Waits(app));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 2 }));
        Assert.Equal(2, Waits(app));

        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 2 })); // even a copy ends what is complete
        Assert.Equal(RecordingStatus.Completed, (await app.RecordingAsync(session.Id))!.Status);
    }

    [Fact]
    public async Task Own_stop_of_a_bot_that_was_thought_gone_waits_on_its_own_account()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 309, (5, "Ada", 4));
        RecordingStopped interrupted = Announcing(session, 2);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(interrupted with { Attempt = 4 })); // its marks stay in the ledger
        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.True(await app.FinalizeAsync(interrupted with { Attempt = 5 }));
        Assert.Equal(2, (await app.RecordingAsync(session.Id))!.SegmentCount);

        Assert.True(await app.MoveAsync(session.Segments[2]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Equal(RecordingState.Stopping, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);
        Assert.Equal((2, 0), (Waits(app), app.Log.Lines.Count(line => line.EventId == 5014)));

        Assert.True(await app.MoveAsync(session.Segments[3]));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 1 }));
        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, 4, 0), (recording.Status, recording.SegmentCount, recording.MissingSegmentCount));
    }

    [Theory]
    [InlineData(310, true)]
    [InlineData(311, false)] // too many tracks for a message: what it has recorded stands in its account alone
    public async Task Own_stop_of_a_bot_that_was_thought_gone_waits_before_any_of_its_segments_has_come(int seed, bool tellsTracks)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, seed, (5, "Ada", 4));
        RecordingStopped interrupted = Announcing(session, 2);
        foreach (SegmentReady segment in session.Segments[..2]) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(interrupted with { EndReason = EndReason.Interrupted }));

        if (!tellsTracks)
            await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt.AddMinutes(9)));
        RecordingStopped own = session.Stopped with { Tracks = tellsTracks ? session.Tracks : null };
        Assert.True(await app.FinalizeAsync(own));
        Assert.Equal(RecordingState.Stopping, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);
        Assert.Equal(0, (await app.RecordingAsync(session.Id))!.MissingSegmentCount);

        foreach (SegmentReady segment in session.Segments[2..]) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(own with { Attempt = 1 }));
        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((4, 0, "stopped"), (recording.SegmentCount, recording.MissingSegmentCount, recording.EndReason));
    }

    /// <summary>The stop of a bot that knew only the first segments of its one speaker.</summary>
    private static RecordingStopped Announcing(Session session, int segments)
    {
        string chain = session.Segments.Take(segments)
            .Aggregate(SegmentChain.Empty, (before, segment) => SegmentChain.Append(before, segment.SegmentIndex, segment.ContentMd5));
        return session.Stopped with { Tracks = [session.Tracks[0] with { Segments = [new IndexRange(0, segments - 1)], Chain = chain }] };
    }

    private static int Waits(App app) => app.Log.Lines.Count(line => line.EventId == 5007);

    /// <summary>What was noted of the recording for its owner.</summary>
    private static async Task<List<string>> NotesAsync(App app, Session session) =>
        await app.Storage.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>($"Recording eq '{session.Id}'", cancellationToken: Cancellation)
            .Select(row => row.GetString("Subject")).ToListAsync(Cancellation);

    private static async Task UntilAsync(App app, Session session, Func<RecordingDetails, bool> done)
    {
        LoopLimit limit = new("the recording is finalized");
        while (await app.RecordingAsync(session.Id) is not { } recording || !done(recording))
        {
            limit.Turn();
            Assert.True(await app.FinalizeAsync(session.Stopped));
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancellation);
        }
    }

    private static async Task<Session> SessionAsync(App app, int seed, params (ulong, string, int)[] speakers)
    {
        Session session = new(seed, speakers);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        return session;
    }
}
