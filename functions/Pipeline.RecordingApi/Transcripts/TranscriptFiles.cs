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

    // Of several that write at once one gets on each time.
    private const int WriteTries = 8;

    /// <summary>Brings the files up to what is known.</summary>
    /// <exception cref="IOException">Others were at them each time: the message has to come back.</exception>
    public async Task RefreshAsync(RecordingId recording, CancellationToken cancellation)
    {
        if (await table.FindHeadAsync(recording, cancellation) is { } head && head.Written != head.Stamp)
            await WriteAsync(recording, head, cancellation);
    }

    /// <summary>
    /// Tells that nothing more is to come, once for each text: one that was amended since tells it again. A process that ends in between
    /// is repeated by its queue message.
    /// </summary>
    /// <exception cref="IOException">Others were at the files each time: the message has to come back.</exception>
    public async Task TellAsync(RecordingDetails details, CancellationToken cancellation)
    {
        RecordingId recording = RecordingId.Parse(details.Id);
        if (await table.FindHeadAsync(recording, cancellation) is not { } first) return;
        // Who has found more talk meanwhile tells it.
        if (await WriteAsync(recording, first, cancellation) is not { Head: { IsComplete: true } head, Json: { } json }) return;
        EventData told = EventOutbox.Of(details);
        string hash = Convert.ToHexStringLower(SHA256.HashData(json))[..HashLength];
        await outbox.RaiseAsync(EventTypes.TranscriptReady, told with { Files = TextFiles.Transcripts }, hash, cancellation);
        List<StretchRow> rows = await table.ReadAsync(recording, withText: false, cancellation);
        if (TranscriptReads.ProblemOf(rows, head) is { } problem)
            await outbox.RaiseAsync(EventTypes.RecordingProblem, told with { Problem = problem }, "transcript", cancellation);
    }

    /// <summary>
    /// Writes until what lies there is what is known. Who read the rows earlier may write later: the head that was read before the rows has
    /// to be the same afterwards, or somebody's last words would be overwritten by less, with nobody left to write them once more.
    /// </summary>
    /// <returns>What the files are made of; null where it was deleted meanwhile.</returns>
    private async Task<Written?> WriteAsync(RecordingId recording, TranscriptHead known, CancellationToken cancellation)
    {
        TranscriptHead? head = known;
        for (int attempt = 0; attempt < WriteTries && head is not null; attempt++)
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
            if (isPut && await table.TryNoteWrittenAsync(recording, head, cancellation)) return new Written(head, json);
            head = await table.FindHeadAsync(recording, cancellation);
        }
        return head is null ? null : throw new IOException($"the text of {recording} was written by others {WriteTries} times meanwhile");
    }

    private sealed record Written(TranscriptHead Head, byte[] Json);
}
