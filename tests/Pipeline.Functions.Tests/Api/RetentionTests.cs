using System.Net;
using System.Text;
using Azure.Core;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>Recordings are deleted on their day, after a word two days before, unless somebody keeps them.</summary>
public sealed class RetentionTests(AzuriteFixture azurite)
{
    private static readonly Dictionary<string, string?> ThirtyDays = new() { ["RECORDING_KEEP_DAYS"] = "30" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixty_days_with_restarts_delete_what_is_due_and_nothing_else()
    {
        ShiftedTime clock = new();
        Session plain = new(2581, (5, "Ada", 1)), kept = new(2582, (5, "Ada", 1)), forEver = new(2583, (5, "Ada", 1)),
            longer = new(2584, (5, "Ada", 1));
        await using (App app = await App.StartAsync(azurite.ConnectionString, ThirtyDays, clock))
        {
            await ChooseAsync(app, forEver, days: 0);
            await ChooseAsync(app, longer, days: 50);
            foreach (Session session in new[] { plain, kept, forEver, longer }) await RecordAsync(app, session);
            DateTimeOffset end = plain.Stopped.EndedAt;
            Assert.Equal(30, ((await app.RecordingAsync(plain.Id))!.DeletesAt!.Value - end).TotalDays, 0.01);
            Assert.Null((await app.RecordingAsync(forEver.Id))!.DeletesAt);
            Assert.Equal(50, ((await app.RecordingAsync(longer.Id))!.DeletesAt!.Value - end).TotalDays, 0.01);
        }
        foreach (int day in new[] { 1, 2, 15, 27, 28, 29, 30, 31, 47, 48, 49, 50, 51, 60 })
        {
            clock.Ahead = TimeSpan.FromDays(day);
            await using App app = await App.StartAsync(azurite.ConnectionString, ThirtyDays, clock);
            await app.Get<RetentionSweep>().RunAsync(Cancellation);
            if (day == 28) Assert.True(await IsToldAsync(app, plain) && await IsToldAsync(app, kept));
            if (day == 30) Assert.False(await IsListedAsync(app, clock, plain));
            await app.Get<RetentionSweep>().RunAsync(Cancellation); // again
            if (day == 29) await KeepAsync(app, kept);
            Assert.Equal(day >= 28, await IsToldAsync(app, plain));
            Assert.Equal(day >= 48, await IsToldAsync(app, longer));
            Assert.Equal(day < 30, await app.RecordingAsync(plain.Id) is not null);
            Assert.Equal(day < 50, await app.RecordingAsync(longer.Id) is not null);
            Assert.NotNull(await app.RecordingAsync(kept.Id));
            Assert.NotNull(await app.RecordingAsync(forEver.Id));
        }
        await using App last = await App.StartAsync(azurite.ConnectionString, ThirtyDays, clock);
        Assert.False(await IsToldAsync(last, forEver));
        Assert.Equal((true, null), ((await last.RecordingAsync(kept.Id))!.IsKept, (await last.RecordingAsync(kept.Id))!.DeletesAt));
        foreach (Session session in new[] { plain, kept, forEver, longer }) Assert.False(await IsListedAsync(last, clock, session));
        Assert.True(await last.EraseAsync(plain.Id)); // its deletion waits in the queue
        Assert.True(await last.Get<DeletionTable>().FindAsync(plain.Id, Cancellation) is { IsDone: true });
    }

    [Fact]
    public async Task Old_recording_that_is_stored_late_stays_for_three_days_at_least()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, ThirtyDays);
        Session old = new(2585, TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(300), (5, "Ada", 1));
        await RecordAsync(app, old);
        TimeSpan left = (await app.RecordingAsync(old.Id))!.DeletesAt!.Value - TimeProvider.System.GetUtcNow();
        Assert.InRange(left.TotalDays, 2.9, 3.1);
    }

    [Fact]
    public async Task What_is_kept_cannot_be_unkept_and_a_title_alone_keeps_nothing()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, ThirtyDays);
        Session session = new(2586, (5, "Ada", 1));
        await RecordAsync(app, session);
        Assert.Equal(HttpStatusCode.BadRequest, (await PatchAsync(app, session, """{"isKept":false}""")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PatchAsync(app, session, "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await PatchAsync(app, session, """{"title":"Other"}""")).StatusCode);
        RecordingDetails renamed = (await app.RecordingAsync(session.Id))!;
        Assert.True(renamed is { Title: "Other", IsKept: null, DeletesAt: not null });
        await KeepAsync(app, session);
        Assert.Equal("Other", (await app.RecordingAsync(session.Id))!.Title);
    }

    [Fact]
    public async Task Sweeps_that_are_cut_off_anywhere_do_what_is_left_the_next_time()
    {
        string storage = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(23)); // sweeps look at all of it
        using CutOff cut = new();
        ShiftedTime clock = new();
        await using App app = await App.StartAsync(storage, ThirtyDays, clock, services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = storage }, null!, cut)));
        Session session = new(2588, (5, "Ada", 1));
        await RecordAsync(app, session);
        clock.Ahead = TimeSpan.FromDays(29);
        await UntilThroughAsync<RetentionSweep>(sweep => sweep.RunAsync(Cancellation));
        Assert.True(await IsToldAsync(app, session));
        clock.Ahead = TimeSpan.FromDays(31);
        await UntilThroughAsync<RetentionSweep>(sweep => sweep.RunAsync(Cancellation));
        Assert.False(await IsListedAsync(app, clock, session));
        Assert.Null(await app.RecordingAsync(session.Id));

        // The message is lost: the look of every minute sends it again.
        clock.Ahead += DeletionSweep.Patience + TimeSpan.FromSeconds(1);
        await UntilThroughAsync<DeletionSweep>(sweep => sweep.RunAsync(Cancellation));
        Assert.True(await app.EraseAsync(session.Id));
        Assert.True(await app.Get<DeletionTable>().FindAsync(session.Id, Cancellation) is { IsDone: true });

        async Task UntilThroughAsync<T>(Func<T, Task> run) where T : notnull
        {
            int cuts = await cut.UntilThroughAsync(async () =>
            {
                await run(app.Get<T>());
                Assert.False(cut.HasCut, "a sweep is over whose work was cut off");
                return true;
            });
            Assert.InRange(cuts, 3, 100);
        }
    }

    [Fact]
    public async Task Recording_that_somebody_keeps_while_the_sweep_looks_at_it_stays()
    {
        string storage = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(23));
        using CutOff wire = new();
        ShiftedTime clock = new();
        await using App app = await App.StartAsync(storage, ThirtyDays, clock, services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = storage }, null!, wire)));
        Session session = new(2605, (5, "Ada", 1));
        await RecordAsync(app, session);
        clock.Ahead = TimeSpan.FromDays(31);
        HttpStatusCode said = default;
        wire.Meanwhile = (RequestMethod.Put, $"PartitionKey='deleting',RowKey='{session.Id}'", KeepAsync);
        for (int minute = 0; minute < 2; minute++)
        {
            await app.Get<RetentionSweep>().RunAsync(Cancellation);
            await app.Get<DeletionSweep>().RunAsync(Cancellation);
        }
        Assert.Equal(HttpStatusCode.NoContent, said);
        RecordingDetails kept = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((true, 1), (kept.IsKept, kept.SegmentCount));
        Assert.Null(kept.DeletesAt);

        async Task KeepAsync()
        {
            StringContent keep = new("""{"isKept":true}""", Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await app.Http.PatchAsync(new Uri($"api/recordings/{session.Id}", UriKind.Relative), keep,
                Cancellation);
            said = answer.StatusCode;
        }
    }

    private static async Task RecordAsync(App app, Session session)
    {
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
    }

    private static async Task ChooseAsync(App app, Session session, int days)
    {
        StringContent body = new($$"""{"keepDays":{{days}},"optedOutUserIds":[]}""", Encoding.UTF8, "application/json");
        Uri address = new($"api/guilds/{session.Info.GuildId}/settings", UriKind.Relative);
        using HttpResponseMessage answer = await app.Http.PutAsync(address, body, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task KeepAsync(App app, Session session) =>
        Assert.Equal(HttpStatusCode.NoContent, (await PatchAsync(app, session, """{"isKept":true}""")).StatusCode);

    private static Task<HttpResponseMessage> PatchAsync(App app, Session session, string json) => app.Http.PatchAsync(
        new Uri($"api/recordings/{session.Id}", UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"),
        Cancellation);

    /// <summary>Stands in the list of what is due.</summary>
    private static async Task<bool> IsListedAsync(App app, TimeProvider clock, Session session) =>
        await app.Get<ExpiryTable>().ListAsync(clock.GetUtcNow(), Cancellation)
            .AnyAsync(expiry => expiry.RecordingId == session.Id.ToString(), Cancellation);

    private static async Task<bool> IsToldAsync(App app, Session session) =>
        await app.Get<EventTable>().FindAsync($"evt_recording.expiring_{session.Id}", Cancellation) is not null;
}
