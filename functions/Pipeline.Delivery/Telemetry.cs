using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Pipeline.Delivery;

/// <summary>Traces and metrics of the functions app; exported over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
public sealed class Telemetry : IDisposable
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Pipeline.Functions";

    private readonly ActivitySource source = new(Name);
    private readonly Meter meter;
    private readonly Counter<long> segmentsMoved;
    private readonly Counter<long> segmentsFaulty;
    private readonly Counter<long> bytesMoved;
    private readonly Histogram<double> moveLatency;
    private readonly Histogram<double> finalizeLatency;
    private readonly Counter<long> recordingsFinalized;
    private readonly Counter<long> segmentsMissing;
    private readonly Counter<long> deferred;
    private readonly Counter<long> adopted;
    private readonly Counter<long> poison;
    private readonly Gauge<long> queueDepth;

    public Telemetry(IMeterFactory meters)
    {
        meter = meters.Create(Name);
        segmentsMoved = meter.CreateCounter<long>("pipeline.segments.moved", "{segment}", "Segments that reached their last place");
        segmentsFaulty = meter.CreateCounter<long>("pipeline.segments.faulty", "{segment}",
            "Tries to move a segment that failed by its own fault");
        bytesMoved = meter.CreateCounter<long>("pipeline.bytes.moved", "By", "Bytes of moved segments");
        moveLatency = meter.CreateHistogram<double>("pipeline.move.latency", "s", "From a segment's close to its ledger row");
        finalizeLatency = meter.CreateHistogram<double>("pipeline.finalize.latency", "s", "From a recording's stop to its finalize");
        recordingsFinalized = meter.CreateCounter<long>("pipeline.recordings.finalized", "{recording}",
            "Finalized recordings, amendments included");
        segmentsMissing = meter.CreateCounter<long>("pipeline.segments.missing", "{segment}", "Segments named as missing by a finalize");
        deferred = meter.CreateCounter<long>("pipeline.messages.deferred", "{message}", "Messages put back during an outage");
        adopted = meter.CreateCounter<long>("pipeline.segments.adopted", "{segment}", "Orphan blobs whose message was sent again");
        queueDepth = meter.CreateGauge<long>("pipeline.queue.depth", "{message}",
            "Messages in a queue, hidden ones included, as the sweep met them");
        poison = meter.CreateCounter<long>("pipeline.messages.poison", "{message}", "Poison messages met by the sweep");
    }

    /// <summary>A span that goes on where the sender of the message stopped.</summary>
    /// <param name="traceparent">W3C trace context from the message, or null.</param>
    public Activity? Start(string name, string? traceparent)
    {
        ActivityContext parent = ActivityContext.TryParse(traceparent, null, isRemote: true, out ActivityContext parsed) ? parsed : default;
        // The request that carries the message has a trace of its own: linked, not lost.
        ActivityLink[] links = Activity.Current is { } request ? [new ActivityLink(request.Context)] : [];
        return source.StartActivity(name, ActivityKind.Consumer, parent, links: links);
    }

    public void Moved(long bytes, TimeSpan sinceClose)
    {
        segmentsMoved.Add(1);
        bytesMoved.Add(bytes);
        moveLatency.Record(sinceClose.TotalSeconds);
    }

    public void Faulty(string reason) => segmentsFaulty.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Finalized(TimeSpan sinceStop, int missing)
    {
        recordingsFinalized.Add(1);
        segmentsMissing.Add(missing);
        finalizeLatency.Record(sinceStop.TotalSeconds);
    }

    public void Deferred(string function) => deferred.Add(1, new KeyValuePair<string, object?>("function", function));

    public void Adopted() => adopted.Add(1);

    public void QueueDepth(string queue, int messages) => queueDepth.Record(messages, new KeyValuePair<string, object?>("queue", queue));

    public void Poison(string queue, bool givenUp) =>
        poison.Add(1, new KeyValuePair<string, object?>("queue", queue), new KeyValuePair<string, object?>("given_up", givenUp));

    public void Dispose()
    {
        source.Dispose();
        meter.Dispose();
    }
}
