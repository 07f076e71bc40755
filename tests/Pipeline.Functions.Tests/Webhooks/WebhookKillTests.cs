using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Webhooks;

/// <summary>
/// The app as a process of its own that is killed again and again while it writes states, events and deliveries: each event arrives, and
/// however often it does, under one id.
/// </summary>
public sealed class WebhookKillTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly string[] Told = [EventTypes.RecordingStarted, EventTypes.RecordingCompleted, EventTypes.FilesReady];

    private readonly WebhookSecret secret = WebhookSecret.New();
    private Azurite azurite = null!;
    private App storage = null!;
    private WebhookReceiver receiver = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        azurite = await Azurite.StartAsync();
        storage = await App.StartAsync(azurite.ConnectionString);
        await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
        receiver = await WebhookReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await receiver.DisposeAsync();
        await storage.DisposeAsync();
        await azurite.DisposeAsync();
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task Each_event_arrives_under_one_id_whenever_the_process_is_killed() => KillAsync(moments: 2, seed: 41);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Each_event_arrives_under_one_id_after_twenty_kills() => KillAsync(moments: 20, seed: 42);

    private async Task KillAsync(int moments, int seed)
    {
        Random random = new(seed);
        List<Session> sessions = [];
        for (int moment = 0; moment < moments; moment++)
        {
            await using ChildProcess doomed = Start();
            await doomed.WaitForLineAsync(line => line.Contains("Local triggers run", StringComparison.Ordinal), Patience);
            Session session = new((seed * 100) + moment, (5, "Ada", 2), (6, "Grace", 2));
            sessions.Add(session);
            await BeginAsync(session);
            // From before the first event to after the last one.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 2_500)), TimeProvider.System, Cancellation);
            doomed.Kill();
        }
        await using ChildProcess last = Start();
        string[] expected = [.. sessions.SelectMany(Expected).Order(StringComparer.Ordinal)];
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (expected.Except(Names()).Any() && !patience.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, Cancellation);

        Assert.Equal(expected, Names().Distinct().Order(StringComparer.Ordinal));
        (string Id, string Name)[] received = [.. receiver.Received.Select(request =>
            (request.Headers["webhook-id"].ToString(), NameOf(request.Body))).Distinct()];
        Assert.All(received.GroupBy(told => told.Name), told => Assert.Single(told));
        Assert.Equal(received.Length, received.Select(told => told.Id).Distinct().Count());
        foreach ((Microsoft.AspNetCore.Http.IHeaderDictionary headers, string body) in receiver.Received)
            new StandardWebhooks.StandardWebhook(secret.Reveal()).Verify(body, headers);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{moments} kills, {expected.Length} events, {receiver.Received.Count} deliveries, {receiver.Ids.Distinct().Count()} ids");
    }

    private ChildProcess Start() => LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0], new()
    {
        ["Functions__LocalHide"] = "4s",
        ["RENDER_FORMATS"] = "flac",
        ["Webhooks__0__Url"] = receiver.Url.AbsoluteUri,
        ["Webhooks__0__Secret"] = secret.Reveal(),
        ["Webhooks__0__Events"] = string.Join(',', Told.Append(EventTypes.SegmentStored)),
        ["Webhooks__AllowPrivate"] = "true",
    });

    private async Task BeginAsync(Session session)
    {
        await session.PutAllAsync(storage.Storage);
        await session.PutManifestAsync(storage.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        MessageQueues queues = storage.Get<MessageQueues>();
        await queues.SendAsync(session.Started, TimeSpan.Zero, Cancellation);
        foreach (SegmentReady segment in session.Segments) await queues.SendAsync(segment, TimeSpan.Zero, Cancellation);
        await queues.SendAsync(session.Stopped, TimeSpan.Zero, Cancellation);
    }

    private static IEnumerable<string> Expected(Session session) => Told.Select(type => $"{type} {session.Id}").Concat(
        session.Segments.Select(segment => $"{EventTypes.SegmentStored} {session.Id} {segment.UserId} {segment.SegmentIndex}"));

    private IEnumerable<string> Names() => receiver.Received.Select(request => NameOf(request.Body));

    private static string NameOf(string body)
    {
        using JsonDocument told = JsonDocument.Parse(body);
        JsonElement data = told.RootElement.GetProperty("data");
        string name = $"{told.RootElement.GetProperty("type").GetString()} {data.GetProperty("recordingId").GetString()}";
        return data.TryGetProperty("userId", out JsonElement user)
            ? $"{name} {user.GetString()} {data.GetProperty("segmentIndex").GetInt32()}" : name;
    }
}
