using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Contracts;
using Pipeline.Delivery;
using Pipeline.Delivery.Segments;
using Pipeline.Functions.Local;
using Pipeline.Functions.Local.Triggers;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests;

public sealed class TelemetryTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Move_goes_on_in_the_trace_that_closed_the_segment_and_is_measured()
    {
        ConcurrentQueue<Activity> spans = new();
        using ActivityListener listener = Listen(spans);
        ConcurrentQueue<string> metrics = new();
        using MeterListener meters = new()
        {
            InstrumentPublished = (instrument, self) =>
            { if (instrument.Meter.Name == Telemetry.Name) self.EnableMeasurementEvents(instrument); }
        };
        meters.SetMeasurementEventCallback<long>((instrument, value, _, _) => metrics.Enqueue($"{instrument.Name} {value}"));
        meters.SetMeasurementEventCallback<double>((instrument, _, _, _) => metrics.Enqueue(instrument.Name));
        meters.Start();
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = new(840, (5, "Ada", 1));
        await app.Get<StorageSetup>().EnsureAsync(TestContext.Current.CancellationToken);
        SegmentReady segment = session.Segments[0] with { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        await session.PutAsync(app.Storage, segment);

        Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Activity span = Assert.Single(spans, span => span.TraceId.ToString() == "0af7651916cd43dd8448eb211c80319c");
        Assert.Equal(("MoveSegment", "b7ad6b7169203331"), (span.OperationName, span.ParentSpanId.ToString()));
        Assert.Superset(
            new HashSet<string> { "pipeline.segments.moved 1", $"pipeline.bytes.moved {segment.FileSize}", "pipeline.move.latency",
            "pipeline.recordings.finalized 1", "pipeline.segments.missing 0", "pipeline.finalize.latency" }, metrics.ToHashSet());
    }

    [Fact]
    public void Each_event_is_counted_once_under_its_name()
    {
        using ServiceProvider services = new ServiceCollection().AddMetrics().AddSingleton<Telemetry>().BuildServiceProvider();
        List<string> told = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, services.GetRequiredService<IMeterFactory>()))
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            told.Add($"{instrument.Name} {value} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}".TrimEnd()));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => told.Add($"{instrument.Name} {value:0}"));
        listener.Start();
        Telemetry telemetry = services.GetRequiredService<Telemetry>();
        telemetry.Moved(7, TimeSpan.FromSeconds(2));
        telemetry.Faulty("vanished");
        telemetry.Finalized(TimeSpan.FromSeconds(3), 4);
        telemetry.Deferred("MoveSegment");
        telemetry.Adopted();
        telemetry.QueueDepth("segment-ready", 5);
        telemetry.Poison("segment-ready", givenUp: true);
        Assert.Equal(["pipeline.segments.moved 1", "pipeline.bytes.moved 7", "pipeline.move.latency 2",
            "pipeline.segments.faulty 1 reason=vanished", "pipeline.recordings.finalized 1", "pipeline.segments.missing 4",
            "pipeline.finalize.latency 3", "pipeline.messages.deferred 1 function=MoveSegment", "pipeline.segments.adopted 1",
            "pipeline.queue.depth 5 queue=segment-ready", "pipeline.messages.poison 1 queue=segment-ready given_up=True"], told);
    }

    [Theory]
    [InlineData(14, true)]
    [InlineData(15, false)]
    public async Task First_function_on_an_empty_account_makes_what_it_needs(int account, bool isSweep)
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync(); // ours would make it all
        await using App app = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(account)),
            new() { ["RecordingApi:BaseUrl"] = foreign.Address.AbsoluteUri });
        Assert.True(isSweep ? await app.SweepAsync() : await app.StartRecordingAsync(new Session(74_060).Started));
        Assert.True(await app.Storage.Temp.ExistsAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Render_and_transcript_go_on_in_the_trace_that_ended_the_recording()
    {
        const string trace = "1af7651916cd43dd8448eb211c80319d";
        ConcurrentQueue<Activity> spans = new();
        using ActivityListener listener = Listen(spans);
        await using App app = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(28)),
            new() { ["Transcription:Endpoint"] = "http://127.0.0.1:1/v1" });
        Session session = new(842, (5, "Ada", 1));
        await app.Get<StorageSetup>().EnsureAsync(TestContext.Current.CancellationToken);
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await app.Storage.Queues.GetQueueClient(StorageNames.TranscribeQueue)
            .ClearMessagesAsync(TestContext.Current.CancellationToken);

        Assert.True(await app.FinalizeAsync(session.Stopped with { Traceparent = $"00-{trace}-b7ad6b7169203331-01" }));
        IServiceProvider services = app.Get<IServiceProvider>();
        using DrainPeriod drain = new(app.Get<LocalOptions>(), TimeProvider.System);
        await ActivatorUtilities.CreateInstance<TriggerFunctions>(services, drain)
            .RenderAsync(await ReceiveAsync(app, StorageNames.RenderWindowQueue));
        await ActivatorUtilities.CreateInstance<TranscribeFunctions>(services, drain)
            .TranscribeAsync(await ReceiveAsync(app, StorageNames.TranscribeQueue));

        string[] names = [.. spans.Where(span => span.TraceId.ToString() == trace).Select(span => span.OperationName)];
        Assert.Equal(["FinalizeRecording", "RenderWindow", "TranscribeStretch"], names);
    }

    private static async Task<QueueMessage> ReceiveAsync(App app, string queue) => (await app.Storage.Queues.GetQueueClient(queue)
        .ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken)).Value;

    private static ActivityListener Listen(ConcurrentQueue<Activity> spans)
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Storage_that_is_away_is_told_and_ends_nothing()
    {
        int[] ports = FreePort.Take(3);
        await using App app = await App.StartAsync(Azurite.ConnectionStringThrough(ports[0], ports[1], ports[2]));
        Session session = new(841, (5, "Ada", 1));

        using HttpResponseMessage health = await app.Http.GetAsync(new Uri("api/health", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("unhealthy", await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.False(await app.MoveAsync(session.Segments[0]));
        using HttpResponseMessage alive = await app.Http.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.True(alive.IsSuccessStatusCode);
    }
}
