using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Pipeline.Bot.Upload;

/// <summary>
/// What the bot counts, under the meter <c>Pipeline.Bot</c>, and its traces under the source of the same name. Any thread.
/// </summary>
public sealed class BotMetrics : IDisposable
{
    public const string MeterName = "Pipeline.Bot";
    public const string SpokenToDurable = "pipeline.spoken_to_durable.duration";

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> segmentsClosed;
    private readonly Counter<long> segmentsUploaded;
    private readonly Counter<long> bytesUploaded;
    private readonly Histogram<double> uploadSeconds;
    private readonly Histogram<double> durableSeconds;

    public BotMetrics()
    {
        segmentsClosed = meter.CreateCounter<long>("pipeline.segments.closed", "{segment}");
        segmentsUploaded = meter.CreateCounter<long>("pipeline.segments.uploaded", "{segment}");
        bytesUploaded = meter.CreateCounter<long>("pipeline.upload.bytes", "By");
        uploadSeconds = meter.CreateHistogram<double>("pipeline.upload.duration", "s", "Closed file to queued message");
        durableSeconds = meter.CreateHistogram<double>(SpokenToDurable, "s", "First sample of a segment spoken until the segment is durable in the temp container");
    }

    public ActivitySource Traces { get; } = new(MeterName);

    public long Closed { get; private set; }
    public long Uploaded => Interlocked.Read(ref uploaded);
    public long UploadedBytes => Interlocked.Read(ref uploadedBytes);

    private long uploaded;
    private long uploadedBytes;

    /// <summary>Observed whenever somebody collects: spool, speakers, open segments.</summary>
    public void Observe(Func<SpoolSnapshot> spool, Func<int> speakers, Func<int> openSegments, Func<int> recordings)
    {
        meter.CreateObservableGauge("pipeline.spool.bytes", () => spool().Bytes, "By");
        meter.CreateObservableGauge("pipeline.spool.files", () => spool().Files, "{file}");
        meter.CreateObservableGauge("pipeline.spool.level", () => (int)spool().Level, description: "0 ok, 1 high (80 %), 2 full");
        meter.CreateObservableGauge("pipeline.speakers", speakers, "{speaker}");
        meter.CreateObservableGauge("pipeline.segments.open", openSegments, "{segment}");
        meter.CreateObservableGauge("pipeline.recordings", recordings, "{recording}");
    }

    public void SegmentClosed()
    {
        segmentsClosed.Add(1);
        Closed++;
    }

    public void SegmentUploaded(long bytes, TimeSpan sinceClosed, TimeSpan sinceSpoken)
    {
        segmentsUploaded.Add(1);
        bytesUploaded.Add(bytes);
        uploadSeconds.Record(sinceClosed.TotalSeconds);
        durableSeconds.Record(sinceSpoken.TotalSeconds);
        Interlocked.Increment(ref uploaded);
        Interlocked.Add(ref uploadedBytes, bytes);
    }

    public void Dispose()
    {
        meter.Dispose();
        Traces.Dispose();
    }
}
