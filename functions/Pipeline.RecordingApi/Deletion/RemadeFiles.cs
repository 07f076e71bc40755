using Pipeline.Contracts;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Transcripts;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// What was made of a recording's voices: tracks, mixes, waveforms, bundles, text. When somebody is erased all of it goes, for a mix holds
/// every voice, and it is made again of those who are left.
/// </summary>
public sealed class RemadeFiles(RenderRecording renders, RenderTriggers triggers, TranscriptTable texts, TranscriptFiles textFiles,
    EventOutbox outbox)
{
    // About a second of deletions.
    private const int Piece = 500;

    /// <summary>May be repeated.</summary>
    public async Task RemakeAsync(RecordingId recording, ulong erased, CancellationToken cancellation)
    {
        await texts.DeletePersonAsync(recording, erased, cancellation);
        while (await renders.EraseSomeAsync(recording, Piece, cancellation) == Piece) cancellation.ThrowIfCancellationRequested();
        await outbox.ForgetFilesAsync(recording, cancellation);
        // The others' text is there; only its files were taken away.
        await textFiles.RefreshAsync(recording, cancellation);
        await triggers.ChangedAsync(recording.ToString(), cancellation);
    }
}
