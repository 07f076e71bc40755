using System.Diagnostics.Metrics;
using Pipeline.Bot.Observability;

namespace Pipeline.Bot.Tests.Observability;

/// <summary>What a monitor collects of this bot, as a collector sees it.</summary>
public sealed class BotMetricsTests : IDisposable
{
    private readonly MeterListener collector = new();
    private readonly BotMetrics metrics;
    private readonly Dictionary<string, double> collected = [];

    public BotMetricsTests()
    {
        // Other bots of this process have instruments of the same names: ours are those that this constructor makes.
        int own = 0;
        Meter? ours = null;
        collector.InstrumentPublished = (instrument, listener) =>
        {
            if (Environment.CurrentManagedThreadId == own) ours = instrument.Meter;
            if (instrument.Meter == ours) listener.EnableMeasurementEvents(instrument);
        };
        collector.SetMeasurementEventCallback<long>((instrument, value, _, _) => collected[instrument.Name] = value);
        collector.SetMeasurementEventCallback<int>((instrument, value, _, _) => collected[instrument.Name] = value);
        collector.SetMeasurementEventCallback<double>((instrument, value, _, _) => collected[instrument.Name] = value);
        collector.Start();
        own = Environment.CurrentManagedThreadId;
        metrics = new BotMetrics();
        own = 0;
    }

    public void Dispose()
    {
        metrics.Dispose();
        collector.Dispose();
    }

    [Fact]
    public void Gauges_show_spool_speakers_and_recordings()
    {
        SpoolTotals spool = new(1000, 3, 1);
        metrics.Observe(() => spool, () => 4, () => 5, () => 6);
        Assert.Equal((1000, 3, 1), (Collect("pipeline.spool.bytes"), Collect("pipeline.spool.files"), Collect("pipeline.spool.level")));
        Assert.Equal((4, 5, 6), (Collect("pipeline.speakers"), Collect("pipeline.segments.open"), Collect("pipeline.recordings")));
        spool = new SpoolTotals(0, 0, 2);
        Assert.Equal((0, 0, 2), (Collect("pipeline.spool.bytes"), Collect("pipeline.spool.files"), Collect("pipeline.spool.level")));
    }

    [Fact]
    public void Packets_of_a_recording_that_left_stay_counted_and_no_counter_goes_down()
    {
        List<PacketTotals> running = [new(100, 10, 1), new(50, 5, 2)];
        metrics.ObservePackets(() => running);
        Assert.Equal((150, 15, 3), Packets());
        running.RemoveAt(0); // between the two: it is counted a moment late, and nothing is taken back
        Assert.Equal((150, 15, 3), Packets());
        metrics.RecordingLeft([new(100, 10, 1)]);
        Assert.Equal((150, 15, 3), Packets());
        running[0] = new PacketTotals(60, 6, 3);
        Assert.Equal((160, 16, 4), Packets());
        metrics.RecordingLeft([new(1, 2, 3), new(10, 20, 30)]);
        Assert.Equal((171, 38, 37), Packets());
    }

    [Fact]
    public void Segments_are_counted_with_their_bytes_and_times()
    {
        metrics.SegmentClosed();
        metrics.SegmentClosed();
        metrics.SegmentUploaded(500, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(32));
        Assert.Equal((2, 1, 500), (metrics.Closed, metrics.Uploaded, metrics.UploadedBytes));
        metrics.SegmentUploaded(700, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(33));
        Assert.Equal((2, 2, 1200), (metrics.Closed, metrics.Uploaded, metrics.UploadedBytes));
        Assert.Equal((1, 1, 700), (collected["pipeline.segments.closed"], collected["pipeline.segments.uploaded"],
            collected["pipeline.upload.bytes"]));
        Assert.Equal((3, 33), (collected["pipeline.upload.duration"], collected[BotMetrics.SpokenToDurable]));
    }

    private (double Received, double Lost, double Undecryptable) Packets() => (Collect("pipeline.packets.received"),
        Collect("pipeline.packets.lost"), Collect("pipeline.packets.undecryptable"));

    private double Collect(string name)
    {
        collector.RecordObservableInstruments();
        return collected[name];
    }
}
