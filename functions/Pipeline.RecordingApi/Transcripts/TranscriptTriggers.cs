using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>Sends the messages that transcripts hang on.</summary>
public sealed class TranscriptTriggers(MessageQueues queues, TranscriptionOptions options)
{
    private static readonly TimeSpan pause = TimeSpan.FromSeconds(12);

    // The storage and the functions may be so much slower with one segment than with the one before it.
    private static readonly TimeSpan lag = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan cutInTalk = TimeSpan.FromSeconds(9); // ten at the defaults, less the frame that found no room
    private static readonly TimeSpan longest = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long after a segment was stored its speaker pauses where no other has come, so that what there is of the talk is transcribed. A
    /// short segment ended with a pause. A long one was cut while its speaker talked on, and the next may last as long: to give up on it
    /// too early would cut a sentence in two.
    /// </summary>
    /// <param name="samples">Length of the segment at 48 kHz.</param>
    public static TimeSpan PauseCloses(long samples)
    {
        TimeSpan length = TimeSpan.FromSeconds(Math.Min((double)samples / SampleClock.SamplesPerSecond, longest.TotalSeconds));
        return length < cutInTalk ? pause : length + lag;
    }

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
        await queues.SendAsync(message, PauseCloses(segment.SampleCount), cancellation);
    }

    /// <summary>The recording has another list of segments now.</summary>
    public async Task ChangedAsync(string recordingId, CancellationToken cancellation)
    {
        if (options.IsOn)
            await queues.SendAsync(new TranscribeStretch { RecordingId = RecordingId.Parse(recordingId) }, TimeSpan.Zero, cancellation);
    }
}
