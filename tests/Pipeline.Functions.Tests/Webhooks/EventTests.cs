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
