using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>
/// A request to the storage that fails, wherever it is, ends what a person asked for or a message called for: it is asked again. Nothing
/// is told as done that was only begun.
/// </summary>
public sealed class DeletionFaultsTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const ulong Ada = 5, Grace = 6;

    private static int sessions = 70_000;

    private readonly OneFault fault = new();
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
    private App app = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => clock.GetUtcNow();

    public async ValueTask InitializeAsync() => app = await StartAsync(clock);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        fault.Dispose();
    }

    [Fact]
    public async Task Wish_to_delete_a_recording_is_taken_whole_or_not()
    {
        Session session = null!;
        int requests = await fault.InEveryPlaceAsync(async () => session = await StartRecordingAsync(), () => DeleteAsync(app, session.Id));
        Assert.InRange(requests, 5, 20);
    }

    [Fact]
    public async Task Looks_at_a_deleted_recording_are_over_when_all_is_done()
    {
        Session session = null!;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            session = await StartRecordingAsync();
            await DeleteAsync(app, session.Id);
        },
        async () =>
        {
            Assert.True(await app.EraseAsync(session.Id));
            Assert.True(await app.EraseAsync(session.Id));
        });
        Assert.InRange(requests, 20, 100);
        Assert.True(await app.Get<DeletionTable>().FindAsync(session.Id, Cancellation) is { IsDone: true });
        Assert.Null(await app.Get<DeletionTable>().FindLookAsync(session.Id, Cancellation));
    }

    [Fact]
    public async Task Look_whose_time_is_up_is_over_when_the_next_is_arranged()
    {
        await using App slow = await StartAsync(new LeapingClock());
        slow.Get<DeletedContent>().Piece = 5;
        TableClient texts = slow.Storage.Tables.GetTableClient(StorageNames.TranscriptsTable);
        Session session = null!;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            session = await StartRecordingAsync();
            await DeleteAsync(slow, session.Id);
            await texts.SubmitTransactionAsync(Enumerable.Range(0, 5).Select(row => new TableTransactionAction(
                TableTransactionActionType.Add, new TableEntity($"{session.Id}", $"{row:D3}"))), Cancellation);
        },
        async () => Assert.True(await slow.EraseAsync(session.Id)));
        Assert.InRange(requests, 10, 50);
        DeletionLook look = (await slow.Get<DeletionTable>().FindLookAsync(session.Id, Cancellation))!;
        Assert.Equal((1, null), (look.Number, look.GoneAt));
    }

    [Fact]
    public async Task Sweep_of_what_was_lost_or_left_over_passes_over_no_fault()
    {
        Session late = NewSession(), never = NewSession(), left = NewSession(), person = NewSession(), gone = NewSession();
        DeletionTable table = app.Get<DeletionTable>();
        ForgetTable people = app.Get<ForgetTable>();
        ExpiryTable expiries = app.Get<ExpiryTable>();
        TableClient catalogue = app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable);
        foreach (Session session in new[] { late, left })
            await catalogue.AddEntityAsync(new TableEntity($"{session.Id}", "recording") { ["Status"] = "Deleted" }, Cancellation);
        await app.Storage.Recordings.GetBlobClient($"{left.Id}/5-Ada/segment_000.wav").UploadAsync(new BinaryData([1]), Cancellation);
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await table.RelistAsync(late.Id, Now, Cancellation);
            await table.RelistAsync(never.Id, Now, Cancellation);
            await table.RemoveLookAsync(left.Id, Cancellation);
            await people.BeginAsync($"{person.Id}", Ada, Now, Cancellation);
            clock.Advance(TimeSpan.FromHours(2)); // a round of the leftovers takes place every hour
            await expiries.AddAsync($"{gone.Id}", Now, Cancellation);
        },
        () => app.Get<DeletionSweep>().RunAsync(Cancellation));
        Assert.InRange(requests, 15, 50);
        Assert.Equal(Now, (await table.FindLookAsync(late.Id, Cancellation))!.DueAt);
        Assert.Null(await table.FindLookAsync(never.Id, Cancellation));
        Assert.NotNull(await table.FindLookAsync(left.Id, Cancellation));
        Assert.Equal(Now, (await people.FindAsync($"{person.Id}", Ada, Cancellation))!.DueAt);
        Assert.Equal(0, await expiries.ListAsync(Now.AddDays(1), Cancellation).CountAsync(Cancellation));
    }

    [Fact]
    public async Task Sweep_of_a_recording_whose_day_has_come_passes_over_no_fault()
    {
        RetentionSweep sweep = app.Get<RetentionSweep>();
        RecordingId id = default;
        DateTimeOffset day = default;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            clock.Advance(TimeSpan.FromDays(60));
            await sweep.RunAsync(Cancellation); // what a failed run has left
            Session session = NewSession();
            Assert.True(await app.StartRecordingAsync(session.Started));
            await EndAsync(session);
            (id, day) = (session.Id, (await app.RecordingAsync(session.Id))!.DeletesAt!.Value);
        },
        async () =>
        {
            clock.SetUtcNow(day.AddDays(-1));
            await sweep.RunAsync(Cancellation);
            clock.SetUtcNow(day);
            await sweep.RunAsync(Cancellation);
        });
        Assert.InRange(requests, 12, 50);
        Assert.NotNull(await app.Get<DeletionTable>().FindLookAsync(id, Cancellation));
        Assert.Equal(0, await app.Get<ExpiryTable>().ListAsync(day.AddDays(1), Cancellation).CountAsync(Cancellation));
    }

    [Fact]
    public async Task Sweep_of_a_file_that_was_made_on_request_passes_over_no_fault()
    {
        RecordingId id = NewSession().Id;
        RenderTable table = app.Get<RenderTable>();
        BlobClient file = app.Storage.Blobs.GetBlobContainerClient(StorageNames.RendersContainer).GetBlobClient($"{id}/a.wav");
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            RenderJob job = new() { Inputs = "", IsReady = true, ChangedAt = Now.AddDays(-2) };
            await table.TryWriteJobAsync(id, "a.wav", job, default, Cancellation);
            await table.ScheduleAsync(id, "a.wav", Now.AddHours(-1), Cancellation);
            await file.UploadAsync(new BinaryData([1]), overwrite: true, Cancellation);
        },
        () => app.Get<PassingFilesSweep>().RunAsync(Cancellation));
        Assert.InRange(requests, 4, 8);
        Assert.False(await file.ExistsAsync(Cancellation));
        Assert.Equal(0, await table.ListDueAsync(Now, Cancellation).CountAsync(Cancellation));
    }

    [Fact]
    public async Task Wish_to_forget_a_person_once_more_is_taken_whole_or_not()
    {
        ForgetTable table = app.Get<ForgetTable>();
        RecordingId id = NewSession().Id;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            ForgetState state = await table.BeginAsync($"{id}", Ada, Now, Cancellation);
            Assert.True(await table.CountAsync(state, id, 3, 300, Cancellation));
            Assert.True(await table.TryMoveAsync(state with { FinishedAt = Now }, Cancellation));
        },
        async () =>
        {
            Uri address = new($"api/recordings/{id}/erasures/{Ada}", UriKind.Relative);
            using HttpResponseMessage answer = await app.Http.PutAsync(address, null, Cancellation);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        });
        Assert.InRange(requests, 6, 12);
        ForgetState begun = (await table.FindAsync($"{id}", Ada, Cancellation))!;
        Assert.Equal((null, 0), (begun.FinishedAt, (await table.DescribeAsync(begun, Cancellation)).Recordings));
    }

    [Fact]
    public async Task Message_about_a_person_in_a_server_is_over_when_all_is_done()
    {
        ForgetTable table = app.Get<ForgetTable>();
        Session session = null!;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            session = await StartRecordingAsync();
            await table.BeginAsync($"{session.Info.GuildId}", Ada, Now, Cancellation);
        },
        () => app.Get<PersonForgetting>().RunAsync(
            new ForgetPerson { Scope = $"{session.Info.GuildId}", UserId = Ada, Look = 0 }, Cancellation));
        Assert.InRange(requests, 12, 40);
        Assert.True((await table.FindAsync($"{session.Info.GuildId}", Ada, Cancellation))!.IsLastRound);
    }

    [Fact]
    public async Task Message_about_a_person_in_a_recording_is_over_when_all_is_done()
    {
        ForgetTable table = app.Get<ForgetTable>();
        Session session = null!;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            session = NewSession((Ada, "Ada", 1), (Grace, "Grace", 1));
            await session.PutAllAsync(app.Storage);
            foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
            Assert.True(await app.FinalizeAsync(session.Stopped));
            await app.Storage.Temp.GetBlobClient($"{session.Id}/5-Ada/segment_009.wav").UploadAsync(new BinaryData([1]), Cancellation);
            await app.Get<Reports>().WriteAsync(session.Id, session.Segments[0].BlobName, "orphan", Cancellation);
            await table.BeginAsync($"{session.Id}", Ada, Now, Cancellation);
        },
        () => app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = $"{session.Id}", UserId = Ada, Look = 0 }, Cancellation));
        Assert.InRange(requests, 30, 100);
        ForgetState state = (await table.FindAsync($"{session.Id}", Ada, Cancellation))!;
        Assert.Equal((1, true), ((await table.DescribeAsync(state, Cancellation)).Segments, state.IsLastRound));
        Assert.DoesNotContain(await session.LeftInTempAsync(app.Storage), name => name.Contains("/5-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Last_look_at_an_erased_person_is_over_when_all_is_done()
    {
        ForgetTable table = app.Get<ForgetTable>();
        Session session = null!;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            session = await StartRecordingAsync();
            await app.Get<ErasedPeople>().AddAsync(session.Id, Ada, Cancellation);
            await app.Storage.Temp.GetBlobClient($"{session.Id}/5-Ada/segment_000.wav").UploadAsync(new BinaryData([1]), Cancellation);
            ForgetState state = await table.BeginAsync($"{session.Id}", Ada, Now, Cancellation);
            Assert.True(await table.TryMoveAsync(state with { FinishedAt = Now }, Cancellation));
        },
        () => app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = $"{session.Id}", UserId = Ada, Look = 0 }, Cancellation));
        Assert.InRange(requests, 8, 30);
        Assert.True((await table.FindAsync($"{session.Id}", Ada, Cancellation))!.IsOver);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    private static Session NewSession(params (ulong UserId, string Name, int Segments)[] speakers) =>
        new(Interlocked.Increment(ref sessions), speakers);

    // An account of its own for each test: sweeps look at all of it.
    private async Task<App> StartAsync(TimeProvider time)
    {
        int account = TestContext.Current.TestMethod!.MethodName switch
        {
            nameof(Sweep_of_what_was_lost_or_left_over_passes_over_no_fault) => 20,
            nameof(Sweep_of_a_recording_whose_day_has_come_passes_over_no_fault) => 19,
            _ => 21,
        };
        string connection = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(account));
        App started = await App.StartAsync(connection, new() { ["RECORDING_KEEP_DAYS"] = "30" }, time, services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = connection }, null!, fault)));
        await started.Get<StorageSetup>().EnsureAsync(Cancellation);
        return started;
    }

    private async Task<Session> StartRecordingAsync()
    {
        Session session = NewSession();
        Assert.True(await app.StartRecordingAsync(session.Started));
        return session;
    }

    private async Task EndAsync(Session session)
    {
        FinalizeRequest end = new()
        {
            SessionEndTime = Now.ToUnixTimeMilliseconds(),
            Duration = 1_000,
            TotalSize = 0,
            ParticipantCount = 0,
            Segments = [],
        };
        using HttpResponseMessage answer = await app.PostAsync($"api/recordings/{session.Id}/finalize", end,
            WireJsonContext.Default.FinalizeRequest);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task DeleteAsync(App app, RecordingId id)
    {
        using HttpResponseMessage answer = await app.Http.DeleteAsync(new Uri($"api/recordings/{id}", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
