using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>Sends the messages that transcripts hang on.</summary>
public sealed class TranscriptTriggers(MessageQueues queues, TranscriptionOptions options)
{
    /// <summary>
    /// A segment lasts ten seconds at the defaults: when no other has come after it by then, its speaker pauses, and what there is of
    /// the talk is transcribed.
    /// </summary>
    public static readonly TimeSpan PauseCloses = TimeSpan.FromSeconds(12);

    /// <summary>A segment lies in its final place.</summary>
    public async Task StoredAsync(SegmentReady segment, CancellationToken cancellation)
    {
        if (!options.IsOn) return;
        TranscribeStretch message = new()
        {
            RecordingId = segment.Session.RecordingId,
            UserId = segment.UserId,
            EndSample = segment.StartSample + segment.SampleCount,
        };
        await queues.SendAsync(message, PauseCloses, cancellation);
    }

    /// <summary>The recording has another list of segments now.</summary>
    public async Task ChangedAsync(string recordingId, CancellationToken cancellation)
    {
        if (options.IsOn)
            await queues.SendAsync(new TranscribeStretch { RecordingId = RecordingId.Parse(recordingId) }, TimeSpan.Zero, cancellation);
    }
}
