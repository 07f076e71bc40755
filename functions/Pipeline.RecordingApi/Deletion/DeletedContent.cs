using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>Everything that a recording has left anywhere, and how to get rid of it a piece at a time.</summary>
public sealed class DeletedContent(
    DeletionTable table, RecordingsContainer recordings, RenderRecording renders, TempContainer temp, LedgerPartitions ledger,
        Reports reports, TimeProvider time)
{
    // An invocation ends soon after this; a deployment or a scale-in waits for it.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(10);

    /// <summary>About a second of deletions; the budget is looked at in between.</summary>
    internal int Piece { get; set; } = 500;

    /// <summary>Deletes until nothing is left or the time is up. The tombstone stays.</summary>
    public async Task<Erased> EraseAsync(Tombstone tombstone, CancellationToken cancellation)
    {
        RecordingId id = tombstone.Recording;
        long began = time.GetTimestamp();
        if (!await DrainAsync(most => recordings.DeleteSomeAsync(id, most, cancellation), began)) return Erased.Part;
        if (!await DrainAsync(most => renders.EraseSomeAsync(id, most, cancellation), began)) return Erased.Part;
        if (!await DrainAsync(most => table.DeleteTextsAsync(id, most, cancellation), began)) return Erased.Part;
        if (!await DrainAsync(most => table.DeleteRowsAsync(id, most, cancellation), began)) return Erased.Part;
        if (!await DrainAsync(most => ledger.DeleteSomeAsync(id, most, cancellation), began)) return Erased.Part;
        await reports.DeleteAsync(id, cancellation);
        int held = 0;
        bool drained = await DrainAsync(
            async most =>
            {
                (int deleted, held) = await temp.DeleteSomeAsync(id, most, cancellation);
                return deleted == 0 ? 0 : deleted + held;
            },
            began);
        if (!drained) return Erased.Part;
        await table.UnlistAsync(tombstone, cancellation);
        return held > 0 ? Erased.AllButHeld : Erased.All;
    }

    // False when the time was up before nothing was left.
    private async Task<bool> DrainAsync(Func<int, Task<int>> deleteSome, long began)
    {
        while (await deleteSome(Piece) == Piece)
        {
            if (time.GetElapsedTime(began) >= Budget) return false;
        }
        return true;
    }
}

/// <summary>How far a deletion has come.</summary>
public enum Erased
{
    /// <summary>The time was up.</summary>
    Part,

    /// <summary>All but the manifest of a bot that still records.</summary>
    AllButHeld,

    All,
}
