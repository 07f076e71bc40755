using System.Text.Json;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Storage;
using Pipeline.TestKit;
using StandardWebhooks;

namespace Pipeline.Functions.Tests.Webhooks;

/// <summary>
/// Real receivers on loopback, real tables and queues in an account of their own: another sweep would queue deliveries, and another
/// test would take them.
/// </summary>
public sealed class WebhookDeliveryTests(AzuriteFixture azurite)
{
    private static readonly string Secret = WebhookSecret.New().Reveal();

    private string Connection => azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(30));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recording_is_told_once_from_its_start_to_its_end_however_often_each_step_runs()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        Session session = new(4_001, (5, "Ada", 2));
        await using App app = await StartAsync(receiver, session);
        await session.PutAllAsync(app.Storage);
        for (int twice = 0; twice < 2; twice++)
        {
            Assert.True(await app.StartRecordingAsync(session.Started));
            foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
            Assert.True(await app.FinalizeAsync(session.Stopped));
        }
        await DeliverAsync(app, session);

        Assert.Equal([$"evt_recording.started_{session.Id}", $"evt_recording.completed_{session.Id}"], receiver.Ids.Distinct());
        foreach ((Microsoft.AspNetCore.Http.IHeaderDictionary headers, string body) in receiver.Received)
            new StandardWebhook(Secret).Verify(body, headers);
        using JsonDocument completed = JsonDocument.Parse(receiver.Received.Last().Body);
        Assert.Equal("recording.completed", completed.RootElement.GetProperty("type").GetString());
        JsonElement data = completed.RootElement.GetProperty("data");
        Assert.Equal((2, "stopped", $"/api/recordings/{session.Id}"),
            (data.GetProperty("segmentCount").GetInt32(), data.GetProperty("endReason").GetString(), data.GetProperty("url").GetString()));
    }

    [Fact]
    public async Task Each_segment_is_told_once_to_those_who_ask_for_it_by_name()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        Session session = new(4_007, (5, "Ada", 2), (6, "Grace", 1));
        WebhookOptions options = new()
        {
            AllowPrivate = true,
            Endpoints = [new WebhookSetting(receiver.Url, [Secret], [EventTypes.SegmentStored], $"{session.Info.GuildId}")],
        };
        await using App app = await StartAsync(options);
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.StartRecordingAsync(session.Started));
        foreach (SegmentReady segment in session.Segments)
        {
            Assert.True(await app.MoveAsync(segment));
            Assert.True(await app.MoveAsync(segment));
        }
        await DeliverAsync(app, session);

        Assert.Equal(
            [$"evt_segment.stored_{session.Id}_5_0", $"evt_segment.stored_{session.Id}_5_1", $"evt_segment.stored_{session.Id}_6_0"],
            receiver.Ids.Distinct().Order(StringComparer.Ordinal));
        using JsonDocument told = JsonDocument.Parse(receiver.Received.First().Body);
        JsonElement data = told.RootElement.GetProperty("data");
        Assert.Equal(("5", 0), (data.GetProperty("userId").GetString(), data.GetProperty("segmentIndex").GetInt32()));
    }

    [Fact]
    public async Task Event_that_was_written_and_not_queued_is_queued_by_the_sweep_under_the_same_id()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        Session session = new(4_002, (5, "Ada", 1));
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1));
        await using App app = await StartAsync(receiver, session, clock);
        EventTable table = app.Get<EventTable>();
        EventData data = new() { RecordingId = $"{session.Id}", GuildId = $"{session.Info.GuildId}" };
        // As a process leaves it that ends between the outbox and the queue.
        StoredEvent stored = await table.AddAsync($"evt_recording.started_{session.Id}", EventTypes.RecordingStarted, data, Cancellation);
        Assert.False(stored.IsQueued);
        clock.Advance(TimeSpan.FromMinutes(2));

        await app.Get<EventSweep>().RunAsync(Cancellation);
        await app.Get<EventSweep>().RunAsync(Cancellation);
        await DeliverAsync(app, session);

        Assert.Equal([stored.Event.Id], receiver.Ids);
    }

    [Fact]
    public async Task Failed_try_comes_back_later_and_410_switches_off()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        Session session = new(4_003, (5, "Ada", 1));
        await using App app = await StartAsync(receiver, session);
        EventData data = new() { RecordingId = $"{session.Id}", GuildId = $"{session.Info.GuildId}" };
        DeliverWebhook delivery = await RaiseAsync(app, data);
        receiver.Status = 500;

        await app.Get<WebhookDelivery>().RunAsync(delivery, Cancellation);
        QueueProperties waiting = await app.Storage.Queues.GetQueueClient(StorageNames.WebhookQueue).GetPropertiesAsync(Cancellation);
        Assert.True(waiting.ApproximateMessagesCount > 0, "the next try is in the queue");
        Assert.Contains(app.Log.Lines, line =>
            line.Text.Contains("did not take recording.started at try 1 because it answered 500", StringComparison.Ordinal));

        receiver.Status = 410;
        await app.Get<WebhookDelivery>().RunAsync(delivery with { Attempt = 1 }, Cancellation);
        receiver.Status = 204;
        await app.Get<WebhookDelivery>().RunAsync(delivery with { Attempt = 2 }, Cancellation);
        Assert.Equal(2, receiver.Received.Count);
        Assert.Contains("410", (await app.Get<WebhookTable>().ListAsync(data.GuildId, Cancellation)).Single().OffBecause,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Last_try_that_fails_switches_off_and_says_why()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 503;
        Session session = new(4_004, (5, "Ada", 1));
        await using App app = await StartAsync(receiver, session);
        DeliverWebhook delivery = await RaiseAsync(app,
            new EventData { RecordingId = $"{session.Id}", GuildId = $"{session.Info.GuildId}" });

        await app.Get<WebhookDelivery>().RunAsync(delivery with { Attempt = 9 }, Cancellation);

        string off = (await app.Get<WebhookTable>().ListAsync($"{session.Info.GuildId}", Cancellation)).Single().OffBecause!;
        Assert.Contains("10 tries", off, StringComparison.Ordinal);
        Assert.Contains("503", off, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_is_not_followed()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 307;
        Session session = new(4_005, (5, "Ada", 1));
        await using App app = await StartAsync(receiver, session);
        DeliverWebhook delivery = await RaiseAsync(app,
            new EventData { RecordingId = $"{session.Id}", GuildId = $"{session.Info.GuildId}" });

        await app.Get<WebhookDelivery>().RunAsync(delivery, Cancellation);

        Assert.Single(receiver.Received);
        Assert.Contains(app.Log.Lines, line => line.Text.Contains("it answered 307", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://127.0.0.1:1/hook")]
    [InlineData("https://localhost:1/hook")]
    [InlineData("https://[::1]:1/hook")]
    [InlineData("https://169.254.169.254/metadata")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://[::ffff:127.0.0.1]:1/hook")]
    public async Task Private_address_is_refused_before_anything_is_sent(string url)
    {
        using WebhookSender sender = new(new WebhookOptions(), TimeProvider.System);
        Webhook webhook = new() { Id = "0", Url = new Uri(url), Secrets = [WebhookSecret.New()], Events = EventTypes.All };

        DeliveryTry tried = await sender.SendAsync(webhook, "evt_1", [], Cancellation);

        Assert.Equal(DeliveryOutcome.Failed, tried.Outcome);
        Assert.Contains("Webhooks__AllowPrivate", tried.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "its certificate is not valid")]
    [InlineData(true, "it cannot be reached")] // DNS takes no such name
    public async Task What_no_receiver_answers_is_a_failed_try_with_its_reason(bool isLong, string reason)
    {
        using LoopbackCertificate unknown = new();
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(unknown.Certificate);
        string tooLong = string.Join('.', Enumerable.Repeat(new string('a', 60), 5));
        Uri url = isLong ? new Uri($"https://{tooLong}/hook") : receiver.Url;
        using WebhookSender sender = new(new WebhookOptions { AllowPrivate = true }, TimeProvider.System);
        Webhook webhook = new() { Id = "0", Url = url, Secrets = [WebhookSecret.New()], Events = EventTypes.All };

        DeliveryTry tried = await sender.SendAsync(webhook, "evt_1", [], Cancellation);

        Assert.Equal(DeliveryOutcome.Failed, tried.Outcome);
        Assert.Contains(reason, tried.Reason, StringComparison.Ordinal);
        Assert.Empty(receiver.Received);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            sender.SendAsync(webhook, "evt_1", [], new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Servers_webhook_is_put_shown_once_rotated_tried_and_deleted()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        Session session = new(4_006, (5, "Ada", 1));
        await using App app = await StartAsync(receiver, session, withSetting: false);
        string path = $"api/guilds/{session.Info.GuildId}/webhooks";
        Assert.Equal(404, (int)(await app.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation)).StatusCode);
        (int made, WebhookState first) = await PutAsync(app, path, $$"""{"url":"{{receiver.Url}}"}""");
        (int same, WebhookState second) = await PutAsync(app, path, $$"""{"url":"{{receiver.Url}}","events":["recording.started"]}""");
        (_, WebhookState rotated) = await PutAsync(app, path, $$"""{"url":"{{receiver.Url}}","rotateSecret":true}""");

        Assert.Equal((201, 200), (made, same));
        Assert.Null(second.Secret);
        Assert.NotEqual(first.Secret, rotated.Secret);
        using HttpResponseMessage tested = await app.PostAsync($"{path}/test", "");
        Assert.Equal(204, (int)tested.StatusCode);
        (Microsoft.AspNetCore.Http.IHeaderDictionary headers, string body) = Assert.Single(receiver.Received);
        string[] signatures = headers[WebhookSignature.SignatureHeader].ToString().Split(' ');
        headers[WebhookSignature.SignatureHeader] = signatures[0];
        new StandardWebhook(rotated.Secret!).Verify(body, headers);
        headers[WebhookSignature.SignatureHeader] = signatures[1];
        new StandardWebhook(first.Secret!).Verify(body, headers);
        Assert.Contains("webhook.test", body, StringComparison.Ordinal);

        receiver.Status = 500;
        using HttpResponseMessage refused = await app.PostAsync($"{path}/test", "");
        Assert.Equal(502, (int)refused.StatusCode);
        Assert.Contains("it answered 500", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(204, (int)(await app.Http.DeleteAsync(new Uri(path, UriKind.Relative), Cancellation)).StatusCode);
        Assert.Equal(404, (int)(await app.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation)).StatusCode);
    }

    [Theory]
    [InlineData("""{"url":"ftp://a.example/"}""", "url")]
    [InlineData("""{"url":"https://user:pass@a.example/"}""", "url")]
    [InlineData("""{}""", "url")]
    [InlineData("""{"url":"https://a.example/","events":["recording.exploded"]}""", "events")]
    public async Task Wrong_webhook_names_its_field(string json, string field)
    {
        await using App app = await App.StartAsync(Connection);
        using HttpResponseMessage answer = await app.Http.PutAsync(new Uri("api/guilds/7/webhooks", UriKind.Relative),
            new StringContent(json, System.Text.Encoding.UTF8, "application/json"), Cancellation);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Contains($"\"{field}\"", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private async Task<App> StartAsync(WebhookReceiver receiver, Session session, TimeProvider? time = null, bool withSetting = true)
    {
        WebhookOptions options = new()
        {
            AllowPrivate = true,
            Endpoints = withSetting ? [new WebhookSetting(receiver.Url, [Secret], [], $"{session.Info.GuildId}")] : [],
        };
        return await StartAsync(options, time);
    }

    private async Task<App> StartAsync(WebhookOptions options, TimeProvider? time = null)
    {
        App app = await App.StartAsync(Connection, time: time, services: services => services.AddSingleton(options));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        return app;
    }

    private static async Task<DeliverWebhook> RaiseAsync(App app, EventData data)
    {
        string id = $"evt_recording.started_{data.RecordingId}";
        await app.Get<EventTable>().AddAsync(id, EventTypes.RecordingStarted, data, Cancellation);
        return new DeliverWebhook { EventId = id, WebhookId = "0", GuildId = data.GuildId };
    }

    /// <summary>Runs the deliveries of this session's events that lie in the queue.</summary>
    private static async Task DeliverAsync(App app, Session session)
    {
        for (int round = 0; round < 4; round++)
        {
            QueueMessage[] messages = await app.Storage.Queues.GetQueueClient(StorageNames.WebhookQueue)
                .ReceiveMessagesAsync(32, TimeSpan.FromSeconds(1), Cancellation);
            foreach (QueueMessage message in messages)
            {
                DeliverWebhook delivery = JsonSerializer.Deserialize(message.MessageText, WebhookJsonContext.Default.DeliverWebhook)!;
                if (!delivery.EventId.Contains($"{session.Id}", StringComparison.Ordinal)) continue;
                await app.Get<WebhookDelivery>().RunAsync(delivery, Cancellation);
                await app.Storage.Queues.GetQueueClient(StorageNames.WebhookQueue)
                    .DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }
        }
    }

    private static async Task<(int Status, WebhookState State)> PutAsync(App app, string path, string json)
    {
        using HttpResponseMessage answer = await app.Http.PutAsync(new Uri(path, UriKind.Relative),
            new StringContent(json, System.Text.Encoding.UTF8, "application/json"), Cancellation);
        return ((int)answer.StatusCode, await app.ReadAsync(answer, WebhookJsonContext.Default.WebhookState));
    }
}
