using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Pipeline.Bot.Observability;

/// <summary>
/// What the bot counts, under the meter <c>Pipeline.Bot</c>, and its traces under the source of the same name. Any thread.
/// </summary>
internal sealed class BotMetrics : IDisposable
{
    public const string MeterName = "Pipeline.Bot";
    public const string SpokenToDurable = "pipeline.spoken_to_durable.duration";

    // Recordings leave on their own threads while the exporter reads; once per recording and per export, never per packet.
    private readonly Lock leftGate = new();
    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> segmentsClosed;
    private readonly Counter<long> segmentsUploaded;
    private readonly Counter<long> bytesUploaded;
    private readonly Histogram<double> uploadSeconds;
    private readonly Histogram<double> durableSeconds;
    private PacketTotals left;
    private long closed;
    private long uploaded;
    private long uploadedBytes;

    public BotMetrics()
    {
        segmentsClosed = meter.CreateCounter<long>("pipeline.segments.closed", "{segment}");
        segmentsUploaded = meter.CreateCounter<long>("pipeline.segments.uploaded", "{segment}");
        bytesUploaded = meter.CreateCounter<long>("pipeline.upload.bytes", "By");
        uploadSeconds = meter.CreateHistogram<double>("pipeline.upload.duration", "s", "Closed file to queued message");
        durableSeconds = meter.CreateHistogram<double>(SpokenToDurable, "s",
            "First sample of a segment spoken until the segment is durable in the temp container");
    }

    public ActivitySource Traces { get; } = new(MeterName);

    public long Closed => Interlocked.Read(ref closed);
    public long Uploaded => Interlocked.Read(ref uploaded);
    public long UploadedBytes => Interlocked.Read(ref uploadedBytes);

    /// <summary>Observed whenever somebody collects: spool, speakers, open segments.</summary>
    public void Observe(Func<SpoolTotals> spool, Func<int> speakers, Func<int> openSegments, Func<int> recordings)
    {
        meter.CreateObservableGauge("pipeline.spool.bytes", () => spool().Bytes, "By");
        meter.CreateObservableGauge("pipeline.spool.files", () => spool().Files, "{file}");
        meter.CreateObservableGauge("pipeline.spool.level", () => spool().Level, description: "0 ok, 1 high (80 %), 2 full");
        meter.CreateObservableGauge("pipeline.speakers", speakers, "{speaker}");
        meter.CreateObservableGauge("pipeline.segments.open", openSegments, "{segment}");
        meter.CreateObservableGauge("pipeline.recordings", recordings, "{recording}");
    }

    /// <summary>Packets since the process started, observed whenever somebody collects.</summary>
    /// <param name="running">Counters of every track that is being recorded.</param>
    public void ObservePackets(Func<IEnumerable<PacketTotals>> running)
    {
        ObservePackets("pipeline.packets.received", running, track => track.Received, "Packets that came, of whatever worth");
        ObservePackets("pipeline.packets.lost", running, track => track.Lost, "Packets missing by sequence number");
        ObservePackets("pipeline.packets.undecryptable", running, track =>
            track.Undecryptable, "Packets whose end-to-end encryption could not be opened");
    }

    /// <summary>A recording has left this bot; what it counted stays counted.</summary>
    public void RecordingLeft(IEnumerable<PacketTotals> tracks)
    {
        PacketTotals sum = Sum(tracks);
        lock (leftGate) left = Sum([left, sum]);
    }

    public void SegmentClosed()
    {
        segmentsClosed.Add(1);
        Interlocked.Increment(ref closed);
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

    // A recording is counted a moment late while it goes from the running to the left ones; a counter must not go down for that.
    private void ObservePackets(string name, Func<IEnumerable<PacketTotals>> running, Func<PacketTotals, long> which, string description)
    {
        long most = 0;
        meter.CreateObservableCounter(name, () => most = Math.Max(most, which(Sum(running().Append(Left())))), "{packet}", description);
    }

    private PacketTotals Left()
    {
        lock (leftGate) return left;
    }

    private static PacketTotals Sum(IEnumerable<PacketTotals> tracks) => tracks.Aggregate(
        default(PacketTotals),
        static (sum, track) =>
            new PacketTotals(sum.Received + track.Received, sum.Lost + track.Lost, sum.Undecryptable + track.Undecryptable));

    public void Dispose()
    {
        meter.Dispose();
        Traces.Dispose();
    }
}
