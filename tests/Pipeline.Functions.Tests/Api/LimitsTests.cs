using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Recordings;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Settings.Known;
using Pipeline.Storage;

namespace Pipeline.Functions.Tests.Api;

/// <summary>Figures that others rely on: who reads the documents, the host's configuration, other versions of the bot.</summary>
public sealed class LimitsTests
{
    [Fact]
    public void Functions_are_called_as_the_host_is_told() => Assert.Equal((16, 8, 6, 30, 500, 10),
        (FunctionTable.BatchSize, FunctionTable.NewBatchThreshold, FunctionTable.MaxDequeueCount, FunctionTable.RetryDelay.TotalSeconds,
            FunctionTable.MaxPollingInterval.TotalMilliseconds, FunctionTable.Timeout.TotalMinutes));

    [Fact]
    public void Waiting_times_are_those_that_are_documented()
    {
        Assert.Equal((5, 5), (ReturnTicket.SendGrace.TotalSeconds, SegmentOutcome.Patience.TotalMinutes));
        Assert.Equal((5, 30), (EventTable.ReadAfter.TotalSeconds, EventSweep.Kept.TotalDays));
        Assert.Equal((30, 1), (StoredSegments.Remembered.TotalSeconds, WebhookTable.Overlap.TotalDays));
        Assert.Equal((5, 1), (SegmentReads.LinkLifetime.TotalMinutes, RecordingsContainer.ReadLifetime.TotalHours));
    }

    [Fact]
    public void Lists_are_as_long_as_it_is_documented()
    {
        Assert.Equal((5_000, 33_554_432, 20_000),
            (RecordingEnds.MostNamed, RecordingApiClient.LongestAnswer, RecordingDeletion.MostCounted));
        Assert.Equal((5_000, 8_388_608), (FinalizePartRequest.MostSegments, FinalizePartRequest.MostBytes));
        Assert.Equal((99, 100, 3_650), (AutoRecordRule.MostPeople, AutoRecordRule.Most, GuildSettings.MostKeepDays));
        Assert.Equal((100, 61_440), (PartitionEraser.BatchLength, ChunkedColumns.ChunkLength));
    }

    /// <summary>A recording that is longer than its list may be could never be finalized.</summary>
    [Fact]
    public void List_has_room_for_every_track_of_the_longest_recording()
    {
        Assert.True(RecordingSettings.MaximumDuration.Form.TryRead("7d", out TimeSpan longest));
        Assert.False(RecordingSettings.MaximumDuration.Form.TryRead("8d", out _));
        // A thousand tracks: Capture.Recording.TrackCapacity of the bot.
        long segments = 1000 * (long)(longest / RecordingSettings.MaximumSegmentDuration.DefaultOrNone);
        Assert.Equal(60_480_000, segments);
        Assert.True(Bounds.Of("parts").Most * FinalizePartRequest.MostSegments >= segments);
        Assert.True(Bounds.Of("first").Most >= segments);
    }
}
