using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Webhooks;

/// <summary>
/// All tries of a delivery on a clock of the test: each message is read off the wire to the real queue, with how long it is hidden, and
/// the clock is moved on by that.
/// </summary>
public sealed class WebhookScheduleTests(AzuriteFixture azurite)
{
    private static readonly string Secret = WebhookSecret.New().Reveal();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receiver_that_fails_for_three_days_is_tried_ten_times_and_switched_off()
    {
        await using Stage stage = await Stage.StartAsync(azurite, 4_301);
        stage.Receiver.Status = 503;

        (List<int> pauses, List<DateTimeOffset> tries) = await stage.PlayAsync(_ => { });

        Assert.Equal([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400], pauses);
        Assert.Equal(tries.Select(at => $"{at.ToUnixTimeSeconds()}"),
            stage.Receiver.Received.Select(request => request.Headers[WebhookSignature.TimestampHeader].ToString()));
        Assert.Single(stage.Receiver.Ids.Distinct());
        Assert.Single(stage.Receiver.Received.Select(request => request.Body).Distinct());
        Assert.Equal(10, stage.Receiver.Received.Select(request => request.Headers[WebhookSignature.SignatureHeader].ToString())
            .Distinct().Count());
        Assert.Contains("10 tries over three days", await stage.OffBecauseAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_that_comes_back_on_the_third_day_gets_the_event_and_no_more_tries()
    {
        await using Stage stage = await Stage.StartAsync(azurite, 4_302);
        stage.Receiver.Status = 500;

        (List<int> pauses, _) = await stage.PlayAsync(tried => stage.Receiver.Status = tried == 8 ? 204 : 500);

        Assert.Equal([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000], pauses);
        Assert.Equal(9, stage.Receiver.Received.Count);
        Assert.Null(await stage.OffBecauseAsync());
    }

    private sealed class Stage : IAsyncDisposable
    {
        private readonly CuttingProxy proxy;
        private readonly App app;
        private readonly FakeTimeProvider clock;
        private readonly EventData data;

        private Stage(WebhookReceiver receiver, CuttingProxy proxy, App app, FakeTimeProvider clock, EventData data) =>
            (Receiver, this.proxy, this.app, this.clock, this.data) = (receiver, proxy, app, clock, data);

        public WebhookReceiver Receiver { get; }

        public static async Task<Stage> StartAsync(AzuriteFixture azurite, int seed)
        {
            WebhookReceiver receiver = await WebhookReceiver.StartAsync();
            CuttingProxy proxy = await CuttingProxy.StartAsync(new Uri($"http://127.0.0.1:{azurite.Azurite.QueuePort}"));
            Session session = new(seed, (5, "Ada", 1));
            FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
            WebhookOptions options = new()
            {
                AllowPrivate = true,
                Endpoints = [new WebhookSetting(receiver.Url, [Secret], [], $"{session.Info.GuildId}")],
            };
            string connection = Azurite.ConnectionStringThrough(azurite.Azurite.BlobPort, proxy.Address.Port, azurite.Azurite.TablePort,
                Azurite.NumberedAccount(26));
            App app = await App.StartAsync(connection, time: clock, services: services => services.AddSingleton(options));
            await app.Get<StorageSetup>().EnsureAsync(Cancellation);
            return new Stage(receiver, proxy, app, clock,
                new EventData { RecordingId = $"{session.Id}", GuildId = $"{session.Info.GuildId}" });
        }

        /// <summary>Queues one event and runs its messages until none follows.</summary>
        /// <param name="beforeTry">Gets how many tries there were.</param>
        /// <returns>Seconds that each further message was hidden for, and when each try was made.</returns>
        public async Task<(List<int> Pauses, List<DateTimeOffset> Tries)> PlayAsync(Action<int> beforeTry)
        {
            StoredEvent stored = await app.Get<EventTable>()
                .AddAsync($"evt_recording.started_{data.RecordingId}", EventTypes.RecordingStarted, data, Cancellation);
            await app.Get<WebhookDeliveries>().QueueAsync(stored.Event, Cancellation);
            List<int> pauses = [];
            List<DateTimeOffset> tries = [];
            while (Sent(tries.Count) is { } message)
            {
                Assert.True(tries.Count < 20, "it is tried without end");
                if (tries.Count > 0) pauses.Add(message.Hidden);
                clock.Advance(TimeSpan.FromSeconds(message.Hidden));
                beforeTry(tries.Count);
                tries.Add(clock.GetUtcNow());
                await app.Get<WebhookDelivery>().RunAsync(message.Text, Cancellation);
            }
            return (pauses, tries);
        }

        public async Task<string?> OffBecauseAsync() =>
            (await app.Get<WebhookTable>().ListAsync(data.GuildId, Cancellation)).Single().OffBecause;

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            await proxy.DisposeAsync();
            await Receiver.DisposeAsync();
        }

        private (byte[] Text, int Hidden)? Sent(int index)
        {
            lock (proxy.Posts)
            {
                if (index >= proxy.Posts.Count) return null;
                (string target, string body) = proxy.Posts[index];
                string text = XDocument.Parse(body).Root!.Element("MessageText")!.Value;
                int hidden = int.Parse(QueryHelpers.ParseQuery(new Uri("http://queue" + target).Query)["visibilitytimeout"]!,
                    CultureInfo.InvariantCulture);
                return (text.StartsWith('{') ? Encoding.UTF8.GetBytes(text) : Convert.FromBase64String(text), hidden);
            }
        }
    }
}
