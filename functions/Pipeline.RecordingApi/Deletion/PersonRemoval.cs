using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Recordings;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// Takes one person out of one recording, running or finished. The order bears a crash between any two steps: first nothing more is taken,
/// then it is counted, then nobody sees it, then it is deleted. Others' files are not touched.
/// </summary>
public sealed class PersonRemoval(CatalogueTable catalogue, ListPartTable parts, ErasedPeople erased, PersonTraces traces,
    RemadeFiles made)
{
    private const int UpdateTries = 8;

    /// <param name="count">
    /// Is told how many segments and samples there are, and whether the finished recording names the person elsewhere (by a note, a word
    /// of consent), before anything of it goes; true when that, or an earlier try's account, is not nothing.
    /// </param>
    public async Task RunAsync(RecordingId recording, ulong userId, DateTimeOffset now, Func<int, long, bool, Task<bool>> count,
        CancellationToken cancellation)
    {
        CatalogueEntry entry = await catalogue.FindAsync(recording.ToString(), cancellation);
        if (entry.IsDeleted) return;
        await erased.AddAsync(recording, userId, cancellation);
        await traces.MarkAsync(recording, userId, now, cancellation);
        (int segments, long samples) = await traces.CountAsync(recording, userId, cancellation);
        bool wasThere = false;
        await HideAsync(recording, userId, now, async (found, length, isNamed) =>
            wasThere = await count(Math.Max(found, segments), Math.Max(length, samples), isNamed), cancellation);
        // A list that comes in parts is not counted before it is whole; perhaps it never is.
        bool mayHaveParts = entry.Recording?.Details.Status == RecordingStatus.Live;
        if (wasThere || mayHaveParts) await DeleteRowsAsync(recording.ToString(), userId, cancellation);
        // The mix holds every voice, and texts, bundles and cues hold the notes of who only listened: all that was made goes and is made
        // again of what is left. Once more in the second round: something may have been on its way.
        if (wasThere) await made.RemakeAsync(recording, userId, cancellation);
        await traces.DeleteAsync(recording, userId, now, cancellation);
    }

    /// <summary>Deletes what was put with an upload URL that was handed out before.</summary>
    public async Task LookAgainAsync(RecordingId recording, ulong userId, DateTimeOffset now, CancellationToken cancellation)
    {
        // Of a server, what was begun since is another matter: the person may be recorded again.
        if (!await erased.HoldsAsync(recording, userId, cancellation)) return;
        await traces.DeleteAsync(recording, userId, now, cancellation);
    }

    private async Task HideAsync(RecordingId recording, ulong userId, DateTimeOffset now, Func<int, long, bool, Task> count,
        CancellationToken cancellation)
    {
        HashSet<ulong> person = [userId];
        string user = userId.ToString(CultureInfo.InvariantCulture);
        for (int attempt = 1; attempt <= UpdateTries; attempt++)
        {
            if ((await catalogue.FindAsync(recording.ToString(), cancellation)).Recording is not { } found) return;
            bool isFinished = found.Details.Status != RecordingStatus.Live;
            List<RecordingSegment> all = found.SegmentSet is { } name
                ? await catalogue.ReadSegmentsAsync(found.Details.Id, name, cancellation) : [];
            RecordingSegment[] theirs = [.. all.Where(segment => segment.UserId == user)];
            bool isNamed = IsNamed(found.Details, userId, user);
            // What is made of a running recording holds no notes and no names but those of voices.
            await count(theirs.Length, theirs.Sum(SegmentSound.CountOf), isNamed && isFinished);
            SegmentSet set = SegmentSet.Of(all.Except(theirs));
            RecordingDetails next = isFinished ? ErasedDetails.Without(found.Details, person, set.Segments, now)
                : found.Details with { Consent = ErasedDetails.Without(found.Details.Consent, person, now) };
            if (theirs.Length == 0 && !isNamed) return;
            if (theirs.Length > 0) await catalogue.WriteSegmentsAsync(found.Details.Id, set.Name, set.Segments, cancellation);
            string? kept = theirs.Length > 0 ? set.Name : found.SegmentSet;
            if (!await catalogue.TryUpdateAsync(found with { Details = next, SegmentSet = kept }, cancellation)) continue;
            if (found.SegmentSet is { } old && old != kept) await catalogue.DeleteSegmentsAsync(found.Details.Id, old, cancellation);
            return;
        }
        throw new InvalidOperationException($"recording {recording} is changed by others all the time; the message comes back");
    }

    // Also of lists that were replaced or never finalized; an earlier try may have ended before it came to that.
    private async Task DeleteRowsAsync(string recordingId, ulong userId, CancellationToken cancellation)
    {
        await parts.DeleteOfPersonAsync(recordingId, userId.ToString(CultureInfo.InvariantCulture), cancellation);
        await catalogue.DeleteOfPeopleAsync(recordingId, set: null, new HashSet<ulong> { userId }, cancellation);
    }

    private static bool IsNamed(RecordingDetails details, ulong userId, string user) =>
        details.Tracks.Any(track => track.UserId == user) || details.Health.ContainsKey(user)
        || details.Notes.Any(note => note.UserId == userId) || details.Gaps.Any(gap => gap.UserId == userId)
        || details.MissingSegments.Any(missing => missing.UserId == user) || details.UnverifiedUserIds.Contains(user)
        || details.Consent?.Entries.Any(entry => entry.UserId == userId && entry.Username is not null) == true;
}
