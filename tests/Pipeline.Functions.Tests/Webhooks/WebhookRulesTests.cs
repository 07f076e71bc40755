using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Webhooks;

/// <summary>Who gets which event, until when a secret signs, and that no request to the storage is passed over that failed.</summary>
public sealed class WebhookRulesTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const string Guild = "77";
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private static readonly Webhook Own = new()
    {
        Id = WebhookTable.OfGuild,
        GuildId = Guild,
        Url = new Uri("https://a.example/hook"),
        Secrets = [WebhookSecret.New()],
        Events = [EventTypes.RecordingStarted],
    };

    private static int sessions = 71_000;

    private readonly OneFault fault = new();
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
    private App app = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private WebhookTable Table => app.Get<WebhookTable>();

    public async ValueTask InitializeAsync()
    {
        string connection = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(17));
        app = await App.StartAsync(connection, time: clock, services: services => services
            .AddSingleton(new StorageClients(new StorageOptions { ConnectionString = connection }, null!, fault))
            .AddSingleton(new WebhookOptions { AllowPrivate = true }));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await Table.DeleteOfGuildAsync(Guild, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        fault.Dispose();
    }

    [Fact]
    public void Webhook_wants_its_events_of_its_server_while_it_is_on()
    {
        Assert.True(Own.Wants(EventTypes.RecordingStarted, Guild));
        Assert.True((Own with { GuildId = null }).Wants(EventTypes.RecordingStarted, "78"));
        Assert.False(Own.Wants(EventTypes.RecordingStarted, "78"));
        Assert.False(Own.Wants(EventTypes.RecordingDeleted, Guild));
        Assert.False((Own with { OffBecause = "410" }).Wants(EventTypes.RecordingStarted, Guild));
        Assert.Null(WebhookRetries.After(-1, null));
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Secret_has_24_to_64_bytes_and_may_lack_its_prefix(int bytes, bool isOne)
    {
        string text = Convert.ToBase64String(new byte[bytes]);
        Assert.Equal((isOne, isOne), (WebhookSecret.TryParse(text, out _), WebhookSecret.TryParse($"whsec_{text}", out _)));
        Assert.Equal(32, WebhookSecret.New().Key.Length);
    }

    [Fact]
    public async Task Replaced_secret_signs_for_a_day_though_the_webhook_is_put_again_meanwhile()
    {
        WebhookSecret newer = WebhookSecret.New(), older = WebhookSecret.New();
        await PutAsync(Own with { Secrets = [newer, older] });
        clock.Advance(TimeSpan.FromHours(1));
        await PutAsync(Own with { Secrets = [newer] });
        clock.Advance(TimeSpan.FromHours(23) - Tick);
        Assert.Equal([newer.Reveal(), older.Reveal()], (await FindAsync())!.Secrets.Select(secret => secret.Reveal()));
        clock.Advance(Tick);
        Assert.Equal([newer.Reveal()], (await FindAsync())!.Secrets.Select(secret => secret.Reveal()));
    }

    [Fact]
    public async Task Webhook_that_is_off_is_on_again_when_it_is_put_or_its_address_changes()
    {
        await PutAsync(Own);
        Webhook tried = (await FindAsync())!;
        await PutAsync(Own);
        Assert.False(await Table.TrySwitchOffAsync(tried, "it said 410", Cancellation)); // another was put while it was asked
        Assert.Null((await FindAsync())!.OffBecause);
        Assert.True(await Table.TrySwitchOffAsync((await FindAsync())!, "it said 410", Cancellation));
        Assert.Equal("it said 410", (await FindAsync())!.OffBecause);
        Assert.Equal(Own.Url, (await FindAsync())!.Url);
        await PutAsync(Own);
        Assert.Null((await FindAsync())!.OffBecause);

        WebhookSetting setting = new(Own.Url, [WebhookSecret.New().Reveal()], [], null) { Id = "3" };
        WebhookTable table = new(app.Storage, new WebhookOptions { Endpoints = [setting] }, clock);
        Assert.True(await table.TrySwitchOffAsync((await table.FindAsync("3", null, Cancellation))!, "it said 410", Cancellation));
        Assert.Equal("it said 410", (await table.FindAsync("3", null, Cancellation))!.OffBecause);
        WebhookSetting moved = setting with { Url = new Uri("https://b.example/") };
        WebhookTable changed = new(app.Storage, new WebhookOptions { Endpoints = [moved] }, clock);
        Assert.Null((await changed.FindAsync("3", null, Cancellation))!.OffBecause);
        Assert.Null(await table.FindAsync("4", Guild, Cancellation));
        Assert.Null(await table.FindAsync(WebhookTable.OfGuild, null, Cancellation));
        Assert.Equal(["3"], (await table.ListAsync(null, Cancellation)).Select(webhook => webhook.Id));
        Assert.Equal(["3", "guild"], (await table.ListAsync(Guild, Cancellation)).Select(webhook => webhook.Id));
    }

    [Fact]
    public async Task Event_is_queued_for_those_who_want_it_alone()
    {
        await PutAsync(Own);
        Azure.Storage.Queues.QueueClient queue = app.Storage.Queues.GetQueueClient(StorageNames.WebhookQueue);
        await queue.ClearMessagesAsync(Cancellation);
        PipelineEvent told = new()
        {
            Id = "evt_1",
            Type = EventTypes.RecordingDeleted,
            Timestamp = clock.GetUtcNow(),
            Data = new EventData { GuildId = Guild },
        };
        await app.Get<WebhookDeliveries>().QueueAsync(told, Cancellation);
        await app.Get<WebhookDeliveries>().QueueAsync(told with { Type = EventTypes.RecordingStarted }, Cancellation);
        Azure.Storage.Queues.Models.QueueMessage message = Assert.Single((await queue.ReceiveMessagesAsync(32, null, Cancellation)).Value);
        Assert.Equal(new DeliverWebhook { EventId = "evt_1", WebhookId = "guild", GuildId = Guild },
            JsonSerializer.Deserialize(message.MessageText, WebhookJsonContext.Default.DeliverWebhook));
    }

    [Theory]
    [InlineData(2_000, HttpStatusCode.Created)]
    [InlineData(2_001, HttpStatusCode.BadRequest)]
    public async Task Address_has_two_thousand_characters_at_most(int length, HttpStatusCode status)
    {
        string url = "https://a.example/".PadRight(length, 'x');
        using HttpResponseMessage answer = await PutAsync(Guild, $$"""{"url":"{{url}}","events":[]}""");
        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.Created) Assert.Equal(EventTypes.Default, (await FindAsync())!.Events);
    }

    [Fact]
    public async Task Secret_is_shown_when_it_is_new_and_events_are_kept_once()
    {
        WebhookState first = await ReadAsync(await PutAsync(Guild, """{"url":"https://a.example/"}"""));
        const string twice = """{"url":"http://b.example/","events":["recording.started","recording.started"]}""";
        WebhookState same = await ReadAsync(await PutAsync(Guild, twice));
        Assert.NotNull(first.Secret);
        Assert.Equal((null, "http://b.example/", 1), (same.Secret, same.Url, same.Events.Count));
        Assert.Equal([first.Secret], (await FindAsync())!.Secrets.Select(secret => secret.Reveal()));
        using HttpResponseMessage shown = await app.Http.GetAsync(new Uri($"api/guilds/{Guild}/webhooks", UriKind.Relative), Cancellation);
        Assert.Equal((HttpStatusCode.OK, "http://b.example/"), (shown.StatusCode, (await ReadAsync(shown)).Url));
    }

    [Fact]
    public async Task What_is_no_server_is_refused_and_a_server_without_a_webhook_has_none_to_try()
    {
        foreach ((HttpMethod method, string path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Delete, ""), (HttpMethod.Post, "/test") })
        {
            using HttpRequestMessage request = new(method, $"api/guilds/abc/webhooks{path}");
            using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains("\"guildId\"", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
        using HttpResponseMessage put = await PutAsync("abc", """{"url":"https://a.example/"}""");
        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        using HttpResponseMessage none = await app.PostAsync($"api/guilds/{Guild}/webhooks/test", "");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task Receiver_that_does_not_answer_is_given_up_after_twenty_seconds()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        Webhook webhook = Own with { Url = new Uri($"http://{silent.LocalEndpoint}/hook") };
        Task<DeliveryTry> trying = app.Get<WebhookSender>().SendAsync(webhook, "evt_1", [], Cancellation);
        clock.Advance(TimeSpan.FromSeconds(20) - Tick);
        Assert.False(trying.IsCompleted);
        clock.Advance(Tick);
        DeliveryTry tried = await trying;
        Assert.Equal((DeliveryOutcome.Failed, "it did not answer within 20 s"), (tried.Outcome, tried.Reason));
    }

    [Fact]
    public async Task Receiver_that_is_not_there_is_told_as_that()
    {
        Webhook webhook = Own with { Url = new Uri($"http://127.0.0.1:{FreePort.Take(1)[0]}/hook") };
        DeliveryTry tried = await app.Get<WebhookSender>().SendAsync(webhook, "evt_1", [], Cancellation);
        Assert.Equal(DeliveryOutcome.Failed, tried.Outcome);
        Assert.StartsWith("it cannot be reached (", tried.Reason, StringComparison.Ordinal);
        tried = await app.Get<WebhookSender>().SendAsync(Own with { Url = new Uri("http://nowhere.invalid/") }, "evt_1", [], Cancellation);
        Assert.Equal(DeliveryOutcome.Failed, tried.Outcome);
    }

    [Fact]
    public async Task Request_says_who_sends_it_and_what()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        Webhook webhook = Own with { Url = receiver.Url };
        DeliveryTry tried = await app.Get<WebhookSender>().SendAsync(webhook, "evt_1", "{}"u8.ToArray(), Cancellation);
        Assert.Equal((DeliveryOutcome.Taken, ""), (tried.Outcome, tried.Reason));
        (Microsoft.AspNetCore.Http.IHeaderDictionary headers, string body) = Assert.Single(receiver.Received);
        Assert.Equal(("application/json", "{}"), (headers.ContentType.ToString(), body));
        Assert.Matches(@"^Pipeline/\d+\.\d+\.\d+$", headers.UserAgent.ToString());
        Assert.DoesNotContain("X-Forwarded-For", headers.Keys);
    }

    [Fact]
    public async Task Segments_are_told_from_half_a_minute_on_at_the_latest()
    {
        Session session = NewSession();
        StoredSegments stored = app.Get<StoredSegments>();
        Webhook webhook = Own with { GuildId = $"{session.Info.GuildId}", Events = [EventTypes.SegmentStored] };
        await stored.TellAsync(session.Segments[0], Cancellation);
        await PutAsync(webhook);
        clock.Advance(StoredSegments.Remembered - Tick);
        await stored.TellAsync(session.Segments[0], Cancellation);
        Assert.Null(await ToldAsync(0));
        clock.Advance(Tick);
        await stored.TellAsync(session.Segments[0], Cancellation);
        Assert.Equal(("5", 0, "77", "Weekly"), (await ToldAsync(0)) is { Data: var data }
            ? (data.UserId, data.SegmentIndex, data.ChannelId, data.Title) : default);

        Task<PipelineEvent?> ToldAsync(int index) =>
            app.Get<EventTable>().FindAsync($"evt_segment.stored_{session.Id}_5_{index}", Cancellation);
    }

    [Fact]
    public async Task Segment_is_told_whole_or_its_message_comes_again()
    {
        Session session = null!;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            session = NewSession();
            await PutAsync(Own with { GuildId = $"{session.Info.GuildId}", Events = [EventTypes.SegmentStored] });
        },
        () => app.Get<StoredSegments>().TellAsync(session.Segments[0], Cancellation));
        Assert.InRange(requests, 7, 20);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(410)]
    [InlineData(500)]
    public async Task Delivery_is_over_when_what_follows_is_written_down(int status)
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        receiver.Status = status;
        string id = $"evt_recording.started_{NewSession().Id}";
        await app.Get<EventTable>().AddAsync(id, EventTypes.RecordingStarted, new EventData { GuildId = Guild }, Cancellation);
        int requests = await fault.InEveryPlaceAsync(() => PutAsync(Own with { Url = receiver.Url }),
            () => app.Get<WebhookDelivery>().RunAsync(new DeliverWebhook { EventId = id, WebhookId = "guild", GuildId = Guild },
                Cancellation));
        Assert.Equal(status == 204 ? 3 : 4, requests);
        Assert.Equal(status == 410, (await FindAsync())!.OffBecause is not null);
    }

    [Fact]
    public async Task Last_try_is_over_when_the_webhook_is_off()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 500;
        string id = $"evt_recording.started_{NewSession().Id}";
        await app.Get<EventTable>().AddAsync(id, EventTypes.RecordingStarted, new EventData { GuildId = Guild }, Cancellation);
        DeliverWebhook last = new() { EventId = id, WebhookId = "guild", GuildId = Guild, Attempt = 9 };
        Assert.Equal(4, await fault.InEveryPlaceAsync(() => PutAsync(Own with { Url = receiver.Url }),
            () => app.Get<WebhookDelivery>().RunAsync(last, Cancellation)));
        Assert.StartsWith("10 tries", (await FindAsync())!.OffBecause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhook_is_put_and_deleted_or_the_answer_says_that_it_is_not()
    {
        int requests = await fault.InEveryPlaceAsync(() => Task.CompletedTask, async () =>
        {
            using HttpResponseMessage put = await PutAsync(Guild, """{"url":"https://a.example/"}""");
            if (!put.IsSuccessStatusCode) throw new HttpRequestException($"{put.StatusCode}");
        });
        Assert.Equal(2, requests);
        requests = await fault.InEveryPlaceAsync(() => Task.CompletedTask, async () =>
        {
            using HttpResponseMessage deleted = await app.Http.DeleteAsync(new Uri($"api/guilds/{Guild}/webhooks", UriKind.Relative),
                Cancellation);
            if (!deleted.IsSuccessStatusCode) throw new HttpRequestException($"{deleted.StatusCode}");
        });
        Assert.Equal(1, requests);
        Assert.Null(await FindAsync());
    }

    private static Session NewSession() => new(Interlocked.Increment(ref sessions), (5, "Ada", 1));

    private Task<Webhook?> FindAsync() => Table.FindOfGuildAsync(Guild, Cancellation);

    [Fact]
    public async Task Two_who_put_a_webhook_at_once_are_shown_no_secret_but_the_one_that_signs()
    {
        string guild = "79";
        await Table.DeleteOfGuildAsync(guild, Cancellation);
        for (int round = 0; round < 2; round++) // none before, then one whose secret is changed
        {
            string json = $$"""{"url":"https://a.example/hook","rotateSecret":{{(round > 0 ? "true" : "false")}}}""";
            string?[] shown = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ShownAsync(json)));
            string[] signing = [.. (await Table.FindOfGuildAsync(guild, Cancellation))!.Secrets.Select(secret => secret.Reveal())];
            // The last one signs; without a change of it asked for, all the others are shown none.
            Assert.Contains(signing[0], shown);
            Assert.Equal(round == 0 ? 1 : 4, shown.OfType<string>().Distinct().Count());
            Assert.Equal(round == 0 ? 1 : 2, signing.Length);
            Assert.All(signing, secret => Assert.True(round == 0 ? secret == signing[0] : shown.Contains(secret)));
        }

        async Task<string?> ShownAsync(string json)
        {
            using HttpResponseMessage answer = await PutAsync(guild, json);
            Assert.True(answer.IsSuccessStatusCode);
            using JsonDocument state = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
            return state.RootElement.TryGetProperty("secret", out JsonElement secret) ? secret.GetString() : null;
        }
    }

    [Fact]
    public async Task Row_without_an_address_is_in_nobodys_way()
    {
        Azure.Data.Tables.TableEntity row = new("80", WebhookTable.OfGuild) { ["OffBecause"] = "it said 410" };
        await app.Storage.Tables.GetTableClient(StorageNames.WebhooksTable).UpsertEntityAsync(row, cancellationToken: Cancellation);
        using HttpResponseMessage answer = await PutAsync("80", """{"url":"https://a.example/hook"}""");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Null((await Table.FindOfGuildAsync("80", Cancellation))!.OffBecause);
    }

    private async Task PutAsync(Webhook webhook) => Assert.True(await Table.TryPutAsync(webhook with
    {
        Etag = (await Table.FindOfGuildAsync(webhook.GuildId!, Cancellation))?.Etag,
    }, Cancellation));

    private Task<HttpResponseMessage> PutAsync(string guild, string json) => app.Http.PutAsync(
        new Uri($"api/guilds/{guild}/webhooks", UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"),
        Cancellation);

    private async Task<WebhookState> ReadAsync(HttpResponseMessage answer)
    {
        using (answer) return await app.ReadAsync(answer, WebhookJsonContext.Default.WebhookState);
    }
}
