using Pipeline.Contracts;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// The function behind the queue <c>recording-deletions</c>: deletes for some seconds, then sends itself again. When nothing is left it
/// says so,
/// and looks once more when no upload URL is valid any longer: what was put meanwhile goes too. Every step may be repeated or cut off.
/// </summary>
public sealed class RecordingErasure(
    DeletionTable table, DeletionMessages messages, DeletedContent content, EventOutbox outbox, PersonForgetting people, TimeProvider time,
        ILogger<RecordingErasure> log)
{
    /// <summary>Upload URLs live for ten minutes; the rest is for clocks that differ.</summary>
    internal static readonly TimeSpan LastLookAfter = TimeSpan.FromMinutes(15);

    // A bot that still records holds its manifest.
    private static readonly TimeSpan HeldPause = TimeSpan.FromMinutes(1);

    /// <param name="message">The text of the message as it lies in the queue.</param>
    /// <exception cref="MalformedMessageException">It is not of our contract.</exception>
    public Task RunAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation) =>
        DeletionMessages.TryReadForget(message) is { } person ? people.RunAsync(person, cancellation)
            : RunAsync(DeletionMessages.Read(message), cancellation);

    public async Task RunAsync(DeleteRecording message, CancellationToken cancellation)
    {
        RecordingId id = message.RecordingId;
        if (await table.FindLookAsync(id, cancellation) is not { } look || message.Look < look.Number) return;
        if (await table.FindAsync(id, cancellation) is not { } tombstone) return;
        Erased erased = await content.EraseAsync(tombstone, cancellation);
        if (erased == Erased.All) await outbox.ForgetFilesAsync(id, cancellation);
        switch (erased)
        {
            case Erased.Part:
                await LookAgainAsync(look, message, TimeSpan.Zero, cancellation);
                break;
            case Erased.AllButHeld:
                await LookAgainAsync(look, message, HeldPause, cancellation);
                break;
            case Erased.All when look.GoneAt is null:
                await ConcludeAsync(tombstone, cancellation);
                await LookAgainAsync(look with { GoneAt = time.GetUtcNow() }, message, LastLookAfter, cancellation);
                break;
            default:
                await table.RemoveLookAsync(id, cancellation);
                break;
        }
    }

    // The event first: who ends in between says it again, under the same id.
    private async Task ConcludeAsync(Tombstone tombstone, CancellationToken cancellation)
    {
        if (tombstone.IsDone) return;
        EventData told = new()
        {
            RecordingId = tombstone.Recording.ToString(),
            GuildId = tombstone.GuildId,
            ChannelId = tombstone.ChannelId
        };
        await outbox.RaiseAsync(EventTypes.RecordingDeleted, told, "", cancellation);
        await table.FinishAsync(tombstone.Recording, cancellation);
        ApiLog.RecordingDeleted(log, tombstone.Recording);
    }

    // Written before it is sent: a message that is lost in between is missed by the sweep. Of two copies one goes on.
    private async Task LookAgainAsync(DeletionLook look, DeleteRecording message, TimeSpan delay, CancellationToken cancellation)
    {
        DeletionLook next = look with { Number = Math.Max(look.Number, message.Look) + 1, DueAt = time.GetUtcNow() + delay };
        if (!await table.TryMoveLookAsync(next, cancellation)) return;
        await messages.SendAsync(new DeleteRecording { RecordingId = look.Recording, Look = next.Number }, delay, cancellation);
    }
}
