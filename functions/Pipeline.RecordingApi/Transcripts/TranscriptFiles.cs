using System.Security.Cryptography;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// Writes the text beside the other downloads when it has changed: it grows while the call goes on.
/// </summary>
public sealed class TranscriptFiles(TranscriptTable table, TextFiles texts, EventOutbox outbox)
{
    private const int HashLength = 16;

    /// <summary>Brings the files up to what is known.</summary>
    public async Task RefreshAsync(RecordingId recording, CancellationToken cancellation)
    {
        if (await table.FindHeadAsync(recording, cancellation) is { } head && head.Written != head.Stamp)
            await WriteAsync(recording, head, cancellation);
    }

    /// <summary>
    /// Tells that nothing more is to come, once for each text: one that was amended since tells it again. A process that ends in between
    /// is repeated by its queue message.
    /// </summary>
    public async Task TellAsync(RecordingDetails details, CancellationToken cancellation)
    {
        RecordingId recording = RecordingId.Parse(details.Id);
        if (await table.FindHeadAsync(recording, cancellation) is not { } head) return;
        byte[] json = await WriteAsync(recording, head, cancellation);
        EventData told = EventOutbox.Of(details);
        string hash = Convert.ToHexStringLower(SHA256.HashData(json))[..HashLength];
        await outbox.RaiseAsync(EventTypes.TranscriptReady, told with { Files = TextFiles.Transcripts }, hash, cancellation);
        List<StretchRow> rows = await table.ReadAsync(recording, withText: false, cancellation);
        if (TranscriptReads.ProblemOf(rows, head) is { } problem)
            await outbox.RaiseAsync(EventTypes.RecordingProblem, told with { Problem = problem }, "transcript", cancellation);
    }

    private async Task<byte[]> WriteAsync(RecordingId recording, TranscriptHead head, CancellationToken cancellation)
    {
        List<StretchRow> rows = await table.ReadAsync(recording, withText: true, cancellation);
        TranscriptFile transcript = TranscriptTexts.Of(recording.ToString(), TranscriptReads.StatusOf(rows, head), rows);
        byte[] json = [];
        bool isPut = true;
        foreach ((string name, byte[] text) in TranscriptTexts.All(transcript))
        {
            isPut &= await texts.TryPutAsync(recording, name, text, cancellation);
            if (name == TextFiles.TranscriptJson) json = text;
        }
        // The stamp that was read before the rows: a change in between has them written once more.
        if (isPut) await table.NoteWrittenAsync(recording, head.Stamp, cancellation);
        return json;
    }
}
