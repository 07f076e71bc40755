using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Webhooks;

public sealed class EventTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_are_paged_in_order_and_each_comes_once()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        string recording = Guid.Parse("00000000-0000-0000-0000-00000000e001").ToString();
        for (int minute = 0; minute < 5; minute++)
        {
            EventData data = new() { RecordingId = recording, GuildId = "3", SafeSamples = minute };
            await app.Get<EventOutbox>().RaiseAsync(EventTypes.RecordingSafe, data, $"{minute}", Cancellation);
            await app.Get<EventOutbox>().RaiseAsync(EventTypes.RecordingSafe, data with { SafeSamples = 99 }, $"{minute}", Cancellation);
        }

        List<PipelineEvent> mine = [];
        string? after = null;
        for (int page = 0; page < 10_000 && mine.Count < 5; page++)
        {
            string path = $"api/events?limit=2{(after is null ? "" : $"&after={after}")}";
            using HttpResponseMessage answer = await app.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            EventPage got = await app.ReadAsync(answer, EventJsonContext.Default.EventPage);
            mine.AddRange(got.Events.Where(one => one.Data.RecordingId == recording));
            // What is younger than a few seconds comes later.
            if (got.Events.Count == 0) await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancellation);
            after = got.Next;
        }
        Assert.Equal([0, 1, 2, 3, 4], mine.Select(one => one.Data.SafeSamples!.Value));
        Assert.Equal(5, mine.Select(one => one.Id).Distinct().Count());
    }

    /// <summary>What the bot has put is on its way until it is moved: who fetches up to the event's position gets all of it.</summary>
    [Fact]
    public async Task Safe_position_of_the_event_is_the_one_of_the_recording()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await using App app = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(19)), time: clock);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(7710, (5, "Ada", 3));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutAllAsync(app.Storage);
        foreach (int moved in (int[])[0, 2]) Assert.True(await app.MoveAsync(session.Segments[moved]));
        SessionManifest manifest = session.Manifest(ManifestState.Recording, clock.GetUtcNow());
        await session.PutManifestAsync(app.Storage,
            manifest with { Tracks = [.. manifest.Tracks.Select(track => track with { SafeSample = 1_440_000 })] });

        await app.Get<EventSweep>().RunAsync(Cancellation);

        clock.Advance(TimeSpan.FromSeconds(30));
        using HttpResponseMessage answer = await app.Http.GetAsync(new Uri("api/events?limit=1000", UriKind.Relative), Cancellation);
        EventPage page = await app.ReadAsync(answer, EventJsonContext.Default.EventPage);
        PipelineEvent safe = Assert.Single(page.Events, one =>
            one.Type == EventTypes.RecordingSafe && one.Data.RecordingId == session.Id.ToString());
        Assert.Equal(480_000, safe.Data.SafeSamples);
        Assert.Equal(480_000, (await app.RecordingAsync(session.Id))!.SafeSamples);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("after=x' or PartitionKey eq 'id", "after")]
    public async Task Wrong_question_names_its_field(string query, string field)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using HttpResponseMessage answer = await app.Http.GetAsync(new Uri($"api/events?{query}", UriKind.Relative), Cancellation);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Contains($"\"{field}\"", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    /// <summary>Ended between its two rows: the event gets a place that no reader has passed.</summary>
    [Fact]
    public async Task Event_that_never_came_into_the_log_gets_a_new_place()
    {
        Clock clock = new() { Now = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(2) };
        await using App app = await App.StartAsync(azurite.ConnectionString, time: clock);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        const string Id = "evt_recording.started_00000000-0000-0000-0000-00000000e002";
        await app.Storage.Tables.GetTableClient(Contracts.StorageNames.EventsTable).UpsertEntityAsync(
            new Azure.Data.Tables.TableEntity("id", Id) { ["At"] = clock.Now }, cancellationToken: Cancellation);
        clock.Now += TimeSpan.FromMinutes(5);

        StoredEvent stored = await app.Get<EventTable>().AddAsync(Id, EventTypes.RecordingStarted, new EventData(), Cancellation);

        Assert.Equal(clock.Now, stored.Event.Timestamp);
        Assert.Equal(stored.Event.Id, (await app.Get<EventTable>().FindAsync(Id, Cancellation))!.Id);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
