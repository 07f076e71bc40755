using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>How much a deletion does at once and when its day has come; on an account of its own, for sweeps look at all of it.</summary>
public sealed class DeletionBoundsTests(AzuriteFixture azurite)
{
    private const ulong Ada = 5;
    private const int AtOnce = 5;
    private const int DaysAtOnce = 200; // the tests of this class have one table of them

    private static readonly Dictionary<string, string?> ThirtyDays = new() { ["RECORDING_KEEP_DAYS"] = "30" };

    private string Connection => azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(22));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Times_are_those_that_are_documented() => Assert.Equal((2, 2, 2),
        (DeletionSweep.Patience.TotalMinutes, PersonForgetting.Patience.TotalMinutes, RetentionSweep.Notice.TotalDays));

    [Fact]
    public async Task So_many_are_looked_at_or_deleted_at_once()
    {
        await using App app = await App.StartAsync(Connection);
        Assert.Equal((500, 500), (app.Get<DeletedContent>().Piece, app.Get<PassingFilesSweep>().MostAtOnce));
    }

    [Fact]
    public async Task Deletion_looks_at_the_clock_behind_five_hundred_files_and_is_over_after_ten_seconds()
    {
        await using App app = await StartAsync(new LeapingClock(), small: false);
        Session session = new(5860);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await Parallel.ForEachAsync(Enumerable.Range(0, 501), Cancellation, async (index, stop) => await app.Storage.Recordings
            .GetBlobClient($"{session.Id}/5-Ada/{BlobPaths.SegmentFileName(index)}").UploadAsync(new BinaryData([1]), stop));
        // A hundred rows go in one request.
        string id = session.Id.ToString();
        TableClient texts = app.Storage.Tables.GetTableClient(StorageNames.TranscriptsTable);
        foreach (int[] rows in Enumerable.Range(0, 101).Chunk(100))
        {
            await texts.SubmitTransactionAsync(rows.Select(row =>
                new TableTransactionAction(TableTransactionActionType.Add, new TableEntity(id, $"w-{row}"))), Cancellation);
        }
        Uri address = new($"api/recordings/{session.Id}", UriKind.Relative);
        using HttpResponseMessage asked = await app.Http.DeleteAsync(address, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), asked.Headers.RetryAfter?.Delta);
        Assert.True(await app.EraseAsync(session.Id));
        Assert.Equal(1, await app.Get<RecordingsContainer>().CountAsync(session.Id, 10, Cancellation));
        DeletionTable table = app.Get<DeletionTable>();
        Assert.Equal(1, (await table.FindLookAsync(session.Id, Cancellation))!.Number);

        // Of two counts the larger goes on.
        await app.Get<RecordingErasure>().RunAsync(new DeleteRecording { RecordingId = session.Id, Look = 5 }, Cancellation);
        Assert.Equal(6, (await table.FindLookAsync(session.Id, Cancellation))!.Number);
        using HttpResponseMessage told = await app.Http.GetAsync(new Uri($"{address}/deletion", UriKind.Relative), Cancellation);
        DeletionState state = await app.ReadAsync(told, WireJsonContext.Default.DeletionState);
        Assert.Equal((DeletionState.Deleted, 0), (state.Status, state.RemainingFiles));
        Assert.Equal(0, await texts.QueryAsync<TableEntity>(row => row.PartitionKey == id, cancellationToken: Cancellation)
            .CountAsync(Cancellation));
    }

    [Fact]
    public async Task Erasure_of_a_person_looks_at_the_clock_behind_ten_recordings_and_goes_on_where_it_was()
    {
        await using App app = await StartAsync(new LeapingClock());
        RecordingId[] ids = [.. Enumerable.Range(5861, 11).Select(seed => new Session(seed).Id)];
        foreach (RecordingId id in ids)
        {
            using HttpResponseMessage begun = await app.PostAsync("api/recordings/init-live", $$"""
                {"sessionId":"{{id}}","guildId":"586","guildName":"g","channelId":"2","userId":"3","recordedAt":"2025-01-01T00:00:00Z"}
                """);
            Assert.True(begun.IsSuccessStatusCode);
        }
        ForgetTable table = app.Get<ForgetTable>();
        await table.BeginAsync("586", Ada, TimeProvider.System.GetUtcNow(), Cancellation);
        for (int look = 0; look < 2; look++)
        {
            await app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = "586", UserId = Ada, Look = look }, Cancellation);
            ForgetState state = (await table.FindAsync("586", Ada, Cancellation))!;
            Assert.Equal((look == 0, look == 1, look + 1), (state.Cursor is not null, state.IsLastRound, state.Number));
            Assert.Equal(look == 0, state.DueAt <= TimeProvider.System.GetUtcNow()); // only the second round waits
            int erased = 0;
            foreach (RecordingId id in ids) erased += (await app.Get<ErasedPeople>().OfAsync(id, Cancellation)).Count;
            Assert.Equal(10 + look, erased);
        }
    }

    [Theory]
    [InlineData(5874, AtOnce + 1, 0, true)] // one more than it takes at once
    [InlineData(5875, AtOnce + 1, 1, true)] // one of those is held
    [InlineData(5876, AtOnce, AtOnce, false)] // all are held: nothing can be done before that ends
    public async Task Deletion_of_what_was_not_moved_goes_on_at_once_unless_all_of_it_is_held(int seed, int blobs, int held, bool goesOn)
    {
        await using App app = await StartAsync(new LeapingClock());
        Session session = new(seed);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await Parallel.ForEachAsync(Enumerable.Range(0, blobs), Cancellation, async (index, stop) =>
        {
            BlobClient blob = app.Storage.Temp.GetBlobClient($"{session.Id}/5-Ada/{BlobPaths.SegmentFileName(index)}");
            await blob.UploadAsync(new BinaryData([1]), stop);
            if (index < held) await blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: stop);
        });
        Uri address = new($"api/recordings/{session.Id}", UriKind.Relative);
        using HttpResponseMessage asked = await app.Http.DeleteAsync(address, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.True(await app.EraseAsync(session.Id));
        DeletionLook look = (await app.Get<DeletionTable>().FindLookAsync(session.Id, Cancellation))!;
        Assert.Equal((1, null, goesOn), (look.Number, look.GoneAt, look.DueAt <= TimeProvider.System.GetUtcNow()));
        Assert.Equal(goesOn ? held + 1 : held, (await session.LeftInTempAsync(app.Storage)).Length);
    }

    [Theory]
    [InlineData(5890, false)]
    [InlineData(5891, true)]
    public async Task Names_of_files_that_were_told_go_with_the_person_and_with_the_recording(int seed, bool isWhole)
    {
        await using App app = await StartAsync(TimeProvider.System);
        Session session = new(seed, (Ada, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        EventData told = new() { RecordingId = session.Id.ToString(), Files = ["01-Ada.flac"] };
        await app.Get<EventOutbox>().RaiseAsync(EventTypes.FilesReady, told, "1", Cancellation);
        Assert.Equal(["01-Ada.flac"], (await FindAsync()).Data.Files!);
        if (isWhole) await app.DeleteRecordingAsync(session.Id);
        else await RemoveAsync(app, session, (_, _) => Task.FromResult(true));
        Assert.Null((await FindAsync()).Data.Files);

        async Task<PipelineEvent> FindAsync() =>
            (await app.Get<EventTable>().FindAsync($"evt_files.ready_{session.Id}_1", Cancellation))!;
    }

    [Theory]
    [InlineData(7, true)]
    [InlineData(8, false)]
    public async Task Recording_that_others_change_all_the_time_is_tried_eight_times(int changes, bool isDone)
    {
        await using App app = await StartAsync(TimeProvider.System);
        Session session = new(5894 + changes - 7, (Ada, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        int tries = 0;
        Task removing = RemoveAsync(app, session, async (_, _) =>
        {
            if (tries++ == changes) return true;
            CatalogueRecording found = (await catalogue.FindAsync(session.Id.ToString(), Cancellation)).Recording!;
            found = found with { Details = found.Details with { Title = $"{tries}" } };
            return await catalogue.TryUpdateAsync(found, Cancellation);
        });
        if (isDone) await removing;
        else await Assert.ThrowsAsync<InvalidOperationException>(() => removing);
        Assert.Equal((8, isDone ? 0 : 1), (tries, (await app.RecordingAsync(session.Id))!.Tracks.Count));
    }

    [Fact]
    public async Task Segment_whose_samples_nobody_said_counts_by_its_file()
    {
        await using App app = await StartAsync(TimeProvider.System);
        Session session = new(5892, (Ada, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        string id = session.Id.ToString(), set = (await catalogue.FindAsync(id, Cancellation)).Recording!.SegmentSet!;
        List<RecordingSegment> listed = await catalogue.ReadSegmentsAsync(id, set, Cancellation);
        await catalogue.WriteSegmentsAsync(id, set, listed.Select(one => one with { SampleCount = null }), Cancellation);
        List<(int, long)> counted = [];
        await RemoveAsync(app, session, (segments, samples) =>
        {
            counted.Add((segments, samples));
            return Task.FromResult(true);
        });
        Assert.Equal([(1, listed[0].SampleCount!.Value)], counted);
    }

    [Fact]
    public async Task More_segments_than_it_takes_at_once_that_were_not_moved_go_at_once()
    {
        await using App app = await StartAsync(TimeProvider.System);
        Session session = new(5893);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await Parallel.ForEachAsync(Enumerable.Range(0, AtOnce + 1), Cancellation, async (index, stop) => await app.Storage.Temp
            .GetBlobClient($"{session.Id}/5-Ada/{BlobPaths.SegmentFileName(index)}").UploadAsync(new BinaryData([1]), stop));
        TableClient texts = app.Storage.Tables.GetTableClient(StorageNames.TranscriptsTable);
        await texts.AddEntityAsync(new TableEntity(session.Id.ToString(), "w-1"), Cancellation);
        await app.DeleteRecordingAsync(session.Id);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        string id = session.Id.ToString();
        Assert.Equal(0, await texts.QueryAsync<TableEntity>(row => row.PartitionKey == id, cancellationToken: Cancellation)
            .CountAsync(Cancellation));
    }

    [Theory]
    [InlineData(5896, true, 0, false)]
    [InlineData(5897, true, 1, true)] // somebody has asked for it again
    [InlineData(5898, false, 0, true)] // it is being made
    [InlineData(5899, null, 0, false)] // a sweep that was cut off has left it
    public async Task File_that_was_made_on_request_goes_when_its_day_is_over(int seed, bool? isReady, int left, bool stays)
    {
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        await using App app = await StartAsync(clock);
        RecordingId id = new Session(seed).Id;
        RenderTable table = app.Get<RenderTable>();
        DateTimeOffset now = clock.GetUtcNow();
        if (isReady is { } ready)
        {
            RenderJob job = new() { Inputs = "", IsReady = ready, ChangedAt = now.AddDays(-1).AddMilliseconds(left) };
            Assert.NotNull(await table.TryWriteJobAsync(id, "a.wav", job, default, Cancellation));
        }
        await table.ScheduleAsync(id, "a.wav", now.AddHours(-1), Cancellation);
        BlobClient file = app.Storage.Blobs.GetBlobContainerClient(StorageNames.RendersContainer).GetBlobClient($"{id}/a.wav");
        await file.UploadAsync(new BinaryData([1]), overwrite: true, Cancellation);
        await app.Get<PassingFilesSweep>().RunAsync(Cancellation);
        Assert.Equal((stays, stays), ((await file.ExistsAsync(Cancellation)).Value,
            (await table.FindJobAsync(id, "a.wav", Cancellation)).Job is not null));
        Assert.Equal(0, await table.ListDueAsync(now, Cancellation).CountAsync(Cancellation));
    }

    [Fact]
    public async Task Sweep_deletes_so_many_files_that_were_made_on_request_and_the_rest_later()
    {
        await using App app = await StartAsync(TimeProvider.System);
        RecordingId id = new Session(5900).Id;
        RenderTable table = app.Get<RenderTable>();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await Parallel.ForEachAsync(Enumerable.Range(0, AtOnce + 1), Cancellation, async (index, stop) =>
            await table.ScheduleAsync(id, $"{index}.wav", now.AddHours(-1), stop));
        foreach (int left in (int[])[1, 0])
        {
            await app.Get<PassingFilesSweep>().RunAsync(Cancellation);
            Assert.Equal(left, await table.ListDueAsync(now, Cancellation).CountAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Day_of_a_recording_that_is_gone_is_forgotten_before_it_comes()
    {
        await using App app = await StartAsync(TimeProvider.System);
        ExpiryTable expiries = app.Get<ExpiryTable>();
        DateTimeOffset day = TimeProvider.System.GetUtcNow().AddDays(1);
        string id = $"{new Session(5906).Id}";
        await expiries.AddAsync(id, day, Cancellation);
        await app.Get<RetentionSweep>().RunAsync(Cancellation);
        Assert.False(await expiries.ListAsync(day.AddDays(1), Cancellation).AnyAsync(expiry => expiry.RecordingId == id, Cancellation));
    }

    [Fact]
    public async Task Sweep_looks_at_so_many_that_are_due_and_at_the_rest_later()
    {
        await using App app = await StartAsync(TimeProvider.System);
        ExpiryTable expiries = app.Get<ExpiryTable>();
        DateTimeOffset at = DateTimeOffset.UnixEpoch.AddYears(1); // before all others
        await Parallel.ForEachAsync(Enumerable.Range(0, DaysAtOnce + 1), Cancellation, async (index, stop) =>
            await expiries.AddAsync($"00000000-0000-7000-8000-{index:D12}", at, stop));
        foreach (int left in (int[])[1, 0])
        {
            await app.Get<RetentionSweep>().RunAsync(Cancellation);
            Assert.Equal(left, await expiries.ListAsync(at.AddYears(1), Cancellation).CountAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Days_that_do_not_count_any_more_hold_up_nobody_behind_them()
    {
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        await using App app = await StartAsync(clock);
        Session session = new(5907, clock.GetUtcNow() - TimeSpan.FromMinutes(1), (Ada, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        DateTimeOffset day = (await app.RecordingAsync(session.Id))!.DeletesAt!.Value;
        ExpiryTable expiries = app.Get<ExpiryTable>();
        // As many days that it had before as are looked at, all of them sooner.
        await Parallel.ForEachAsync(Enumerable.Range(1, DaysAtOnce), Cancellation, async (number, stop) =>
            await expiries.AddAsync(session.Id.ToString(), day.AddMilliseconds(-number), stop));
        clock.SetUtcNow(day.AddDays(-1));
        foreach (bool isTold in (bool[])[false, true])
        {
            await app.Get<RetentionSweep>().RunAsync(Cancellation);
            Assert.Equal(isTold,
                await app.Get<EventTable>().FindAsync($"evt_recording.expiring_{session.Id}", Cancellation) is not null);
        }
        // Behind the last one the look begins at the first again.
        string gone = $"{new Session(5908).Id}";
        await expiries.AddAsync(gone, day.AddDays(-1).AddMilliseconds(1), Cancellation);
        await app.Get<RetentionSweep>().RunAsync(Cancellation);
        List<Expiry> left = await expiries.ListAsync(day, Cancellation).ToListAsync(Cancellation);
        Assert.DoesNotContain(left, expiry => expiry.RecordingId == gone);
        List<Expiry> own = left.FindAll(expiry => expiry.RecordingId == session.Id.ToString());
        Assert.Equal(DaysAtOnce, own.Count);
        // The other tests of this class have the same table.
        await Parallel.ForEachAsync(own, Cancellation, async (expiry, stop) => await expiries.RemoveAsync(expiry, stop));
    }

    [Theory]
    [InlineData(1, "a", true)]
    [InlineData(-1, "c", false)]
    [InlineData(0, "c", true)]
    [InlineData(0, "b", false)]
    [InlineData(0, "a", false)]
    public void Day_is_behind_a_sooner_one_and_of_one_moment_by_its_recording(int milliseconds, string recording, bool isBehind)
    {
        Expiry other = new("b", DateTimeOffset.UnixEpoch.AddYears(1), IsTold: false);
        Assert.Equal(isBehind, new Expiry(recording, other.At.AddMilliseconds(milliseconds), IsTold: false).IsBehind(other));
    }

    [Fact]
    public async Task Recording_is_told_of_two_days_before_and_deleted_on_its_day_to_the_millisecond()
    {
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        await using App app = await StartAsync(clock);
        Session session = new(5880, clock.GetUtcNow() - TimeSpan.FromMinutes(1), (Ada, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        DateTimeOffset day = (await app.RecordingAsync(session.Id))!.DeletesAt!.Value;
        ExpiryTable expiries = app.Get<ExpiryTable>();
        await expiries.AddAsync(session.Id.ToString(), day.AddDays(-1), Cancellation); // of a time when it had another day

        await SweepAtAsync(day.AddDays(-2));
        Assert.Null(await ToldAsync());
        Assert.Equal(2, await ListedAsync());
        await SweepAtAsync(day.AddDays(-2).AddMilliseconds(1));
        Assert.Equal(day, (await ToldAsync())!.Data.DeletesAt);
        Assert.Equal(2, await ListedAsync());
        Assert.True(await expiries.ListAsync(day.AddYears(1), Cancellation)
            .AnyAsync(expiry => expiry.At == day && expiry.IsTold, Cancellation));
        string id = session.Id.ToString(), told = (await RowOfDayAsync()).ETag.ToString();
        await SweepAtAsync(day.AddDays(-2).AddMilliseconds(2));
        Assert.Equal(told, (await RowOfDayAsync()).ETag.ToString()); // nobody is told again
        await SweepAtAsync(day.AddDays(-1).AddMilliseconds(-1));
        Assert.Equal(2, await ListedAsync());
        await SweepAtAsync(day.AddDays(-1));
        Assert.Equal(1, await ListedAsync());
        await SweepAtAsync(day.AddMilliseconds(-1));
        Assert.NotNull(await app.RecordingAsync(session.Id));
        QueueClient queue = app.Storage.Queues.GetQueueClient(StorageNames.DeletionQueue);
        await queue.ClearMessagesAsync(Cancellation);
        await SweepAtAsync(day);
        Assert.Null(await app.RecordingAsync(session.Id));
        QueueMessage sent = Assert.Single((await queue.ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value);
        Assert.Equal(new DeleteRecording { RecordingId = session.Id }, DeletionMessages.Read(sent.Body.ToArray()));
        Assert.Equal((0, day), (await ListedAsync(), (await app.Get<DeletionTable>().FindLookAsync(session.Id, Cancellation))!.DueAt));

        async Task SweepAtAsync(DateTimeOffset moment)
        {
            clock.SetUtcNow(moment);
            await app.Get<RetentionSweep>().RunAsync(Cancellation);
        }

        async Task<TableEntity> RowOfDayAsync() => await app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable)
            .GetEntityAsync<TableEntity>("expiring", $"{day.ToUnixTimeMilliseconds():D15}-{id}", cancellationToken: Cancellation);

        async Task<PipelineEvent?> ToldAsync() =>
            await app.Get<EventTable>().FindAsync($"evt_recording.expiring_{session.Id}", Cancellation);

        async Task<int> ListedAsync() => await expiries.ListAsync(day.AddYears(1), Cancellation)
            .CountAsync(expiry => expiry.RecordingId == session.Id.ToString(), Cancellation);
    }

    private static Task RemoveAsync(App app, Session session, Func<int, long, Task<bool>> count) =>
        app.Get<PersonRemoval>().RunAsync(session.Id, Ada, session.Info.StartedAt,
            (segments, samples, _) => count(segments, samples), Cancellation);

    /// <param name="small">A few at once instead of hundreds: each costs requests.</param>
    private async Task<App> StartAsync(TimeProvider time, bool small = true)
    {
        App app = await App.StartAsync(Connection, ThirtyDays, time);
        if (small)
        {
            app.Get<DeletedContent>().Piece = AtOnce;
            app.Get<PassingFilesSweep>().MostAtOnce = AtOnce;
        }
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        return app;
    }
}
