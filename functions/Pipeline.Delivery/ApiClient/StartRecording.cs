using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.ApiClient;

/// <summary>Creates the recording at the recording API as soon as it starts, so that it can be seen while it is live.</summary>
public sealed class StartRecording(RecordingRegistry registry, ILogger<StartRecording> log)
{
    public async Task RunAsync(RecordingStarted message, CancellationToken cancellation)
    {
        LedgerRecording recording = await registry.EnsureAsync(message.Session, cancellation);
        Log.RecordingKnown(log, message.Session.RecordingId, recording.Flow);
    }
}
