using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// Every minute: sends the message of a deletion again when it was lost, and goes through a part of the recordings container for files
/// whose recording is deleted.
/// </summary>
public sealed class DeletionSweep(DeletionTable table, DeletionMessages messages, RecordingsContainer container,
    PersonForgetting people, RetentionSweep retention, TimeProvider time, ILogger<DeletionSweep> log)
{
    /// <summary>A look that is so late has lost its message; in a busy queue it costs a copy, which does no harm.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A request that wrote the list and ended before it wrote the tombstone has told its caller that it failed.
    private static readonly TimeSpan NeverBegun = TimeSpan.FromHours(1);

    // 200 look-ups a minute; a round of an account with 100,000 recordings takes eight hours and costs a cent.
    private const int PageLength = 200;
    private const int Width = 8;
    private static readonly TimeSpan RoundPause = TimeSpan.FromHours(1);

    private string? continuation;
    private DateTimeOffset nextRound;

    public async Task RunAsync(CancellationToken cancellation)
    {
        List<DeletionLook> late = [];
        await foreach (DeletionLook look in table.ListLooksAsync(cancellation))
        {
            if (time.GetUtcNow() - look.DueAt >= Patience) late.Add(look);
        }
        foreach (DeletionLook look in late) await RemindAsync(look, cancellation);
        await people.RemindAsync(cancellation);
        await retention.RunAsync(cancellation);
        await FindLeftoversAsync(cancellation);
    }

    private async Task RemindAsync(DeletionLook look, CancellationToken cancellation)
    {
        if (await table.FindAsync(look.Recording, cancellation) is null)
        {
            if (time.GetUtcNow() - look.DueAt >= NeverBegun) await table.RemoveLookAsync(look.Recording, cancellation);
            return;
        }
        if (!await table.TryMoveLookAsync(look with { DueAt = time.GetUtcNow() }, cancellation)) return;
        await messages.SendAsync(new DeleteRecording { RecordingId = look.Recording, Look = look.Number }, TimeSpan.Zero, cancellation);
        ApiLog.DeletionRepeated(log, look.Recording);
    }

    private async Task FindLeftoversAsync(CancellationToken cancellation)
    {
        if (continuation is null && time.GetUtcNow() < nextRound) return;
        (IReadOnlyList<RecordingId> page, string? next) = await container.ListRecordingsAsync(PageLength, continuation, cancellation);
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        await Parallel.ForEachAsync(page, width, async (id, stop) => await TakeUpAsync(id, stop));
        continuation = next;
        if (next is null) nextRound = time.GetUtcNow() + RoundPause;
    }

    private async Task TakeUpAsync(RecordingId id, CancellationToken cancellation)
    {
        if (await table.FindAsync(id, cancellation) is null || await table.FindLookAsync(id, cancellation) is not null) return;
        await table.RelistAsync(id, time.GetUtcNow(), cancellation);
        await messages.SendAsync(new DeleteRecording { RecordingId = id }, TimeSpan.Zero, cancellation);
        ApiLog.LeftoversFound(log, id);
    }
}
