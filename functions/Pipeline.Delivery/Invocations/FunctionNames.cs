using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;

namespace Pipeline.Delivery.Invocations;

/// <summary>Names of the functions that queues and timers call. Logs, alerts and traces name them so.</summary>
public static class FunctionNames
{
    public const string StartRecording = nameof(StartRecording);
    public const string MoveSegment = nameof(MoveSegment);
    public const string FinalizeRecording = nameof(FinalizeRecording);
    public const string DeliverWebhook = nameof(DeliverWebhook);
    public const string DeleteRecording = nameof(DeleteRecording);
    public const string RenderWindow = nameof(RenderWindow);
    public const string TranscribeStretch = nameof(TranscribeStretch);
    public const string SweepRecordings = nameof(SweepRecordings);
}
