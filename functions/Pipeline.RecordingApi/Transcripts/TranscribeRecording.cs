using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// The function behind the queue <c>transcribe-stretch</c>: looks at one person's talk, plans what has no stretch yet, and has those that
/// are due turned into text. Repeating it sends nothing twice: a stretch is planned under its track's version and tried under a claim.
/// </summary>
public sealed class TranscribeRecording(CatalogueTable catalogue, TranscriptTable table, TranscriptTracks tracks, StretchTries tries,
    TranscriptFiles files, MessageQueues queues, TranscriptionOptions options)
{
    private const int PlanTries = 16;

    /// <param name="message">The text of the message as it lies in the queue.</param>
    /// <exception cref="MalformedMessageException">It is not of our contract.</exception>
    public static TranscribeStretch Read(ReadOnlyMemory<byte> message) =>
        MessageText.Read(message, ContractsJsonContext.Default.TranscribeStretch,
            static read => read.Version, TranscribeStretch.CurrentVersion);

    public async Task RunAsync(TranscribeStretch message, CancellationToken cancellation)
    {
        if (!options.IsOn) return;
        RecordingId id = message.RecordingId;
        if ((await catalogue.FindAsync(id.ToString(), cancellation)).Recording is not { Details: { } details })
        {
            await table.DeleteAsync(id, cancellation);
            return;
        }
        if (message.UserId is { } userId) await LookAsync(details, userId, message.EndSample, cancellation);
        else await FanOutAsync(id, cancellation);
    }

    // One message for each track: they are worked on side by side, by any instance.
    private async Task FanOutAsync(RecordingId id, CancellationToken cancellation)
    {
        HashSet<ulong> users = [.. (await table.ReadAsync(id, withText: false, cancellation)).Select(row => row.Stretch.UserId)];
        users.UnionWith(await tracks.UsersAsync(id, cancellation));
        foreach (ulong user in users)
            await queues.SendAsync(new TranscribeStretch { RecordingId = id, UserId = user }, TimeSpan.Zero, cancellation);
    }

    private async Task LookAsync(RecordingDetails details, ulong userId, long? endSample, CancellationToken cancellation)
    {
        RecordingId id = RecordingId.Parse(details.Id);
        (List<StretchRow> own, bool isWhole) = await PlanAsync(details, userId, endSample, cancellation);
        TriedStretches tried = await tries.RunAsync(details, userId, own, cancellation);
        await files.RefreshAsync(id, cancellation);
        if (!isWhole) await LookAgainAsync(id, userId, tries.Now, cancellation);
        else if (tried.NextAt is { } next) await LookAgainAsync(id, userId, next, cancellation);
        else if (details.Status != RecordingStatus.Live) await ConcludeAsync(details, cancellation);
    }

    /// <summary>Gives every bit of talk a stretch, as far as it is closed.</summary>
    /// <returns>The track's stretches, and whether these are all.</returns>
    private async Task<(List<StretchRow> Own, bool IsWhole)> PlanAsync(RecordingDetails details, ulong userId, long? endSample,
        CancellationToken cancellation)
    {
        RecordingId id = RecordingId.Parse(details.Id);
        for (int attempt = 0; attempt < PlanTries; attempt++)
        {
            TrackRow track = await table.FindTrackAsync(id, userId, cancellation);
            // Stretches first: a segment that one of them was cut from and that is not found afterwards was erased.
            List<StretchRow> all = await table.ReadAsync(id, withText: false, cancellation);
            List<StretchRow> own = [.. all.Where(row => row.Stretch.UserId == userId)];
            TrackPlan plan = await tracks.PlanAsync(details, userId, own, endSample, cancellation);
            (List<Stretch> added, bool isOver) = Within(plan.Added, all, plan.Removed);
            if (isOver) await table.NoteBudgetAsync(id, cancellation);
            List<StretchRow> removed = [.. plan.Removed.Take(TranscriptTable.MostAtOnce / 2)];
            added = [.. added.Take(TranscriptTable.MostAtOnce / 2)];
            if (added.Count == 0 && removed.Count == 0) return (own, true);
            await table.TryPlanAsync(id, userId, track, added, removed, cancellation);
        }
        // Many plan this track at once: what they leave is found by the next look.
        List<StretchRow> rows = await table.ReadAsync(id, withText: false, cancellation);
        return ([.. rows.Where(row => row.Stretch.UserId == userId)], false);
    }

    // The owner pays for each minute.
    private (List<Stretch> Added, bool IsOver) Within(IReadOnlyList<Stretch> added, List<StretchRow> all, IReadOnlyList<StretchRow> removed)
    {
        long left = (long)(options.Budget.TotalSeconds * SampleClock.SamplesPerSecond)
            - all.Except(removed).Sum(row => row.Stretch.Samples);
        List<Stretch> within = [];
        foreach (Stretch stretch in added)
        {
            left -= stretch.Samples;
            if (left < 0) return (within, true);
            within.Add(stretch);
        }
        return (within, false);
    }

    // One chain of looks for each track, however many messages meet a service that is away. Sent before it is noted: a process that ends
    // in between leaves one look too many, never one too few.
    private async Task LookAgainAsync(RecordingId id, ulong userId, DateTimeOffset at, CancellationToken cancellation)
    {
        TrackRow track = await table.FindTrackAsync(id, userId, cancellation);
        if (tries.IsAhead(track.LookAt) && track.LookAt <= at) return;
        await queues.SendAsync(new TranscribeStretch { RecordingId = id, UserId = userId }, tries.DelayUntil(at), cancellation);
        await table.TryNoteLookAsync(id, userId, track, at, cancellation);
    }

    private async Task ConcludeAsync(RecordingDetails details, CancellationToken cancellation)
    {
        RecordingId id = RecordingId.Parse(details.Id);
        List<StretchRow> rows = await table.ReadAsync(id, withText: false, cancellation);
        if (rows.Any(row => row.State == StretchState.Waiting)) return;
        if (await table.FindHeadAsync(id, cancellation) is not { } head) return;
        bool isOpen = await tracks.IsOpenAsync(details, rows, cancellation);
        if (isOpen && !head.IsOverBudget) return;
        // The budget was raised, or talk was taken back: nothing lies beyond it any more.
        bool isOverBudget = head.IsOverBudget && isOpen;
        if (!head.IsComplete || head.IsOverBudget != isOverBudget) await table.CompleteAsync(id, isOverBudget, cancellation);
        await files.TellAsync(details, cancellation);
    }
}
