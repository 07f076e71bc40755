using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Recordings that nobody runs here and of which files still wait on the disk: what is there of somebody who wants out goes, and none of it
/// leaves any more. (A recording that runs sees to that by itself.) Any thread.
/// </summary>
internal sealed class WaitingRecordings(LiveManifests manifests, SegmentSpool spool, SegmentUploader uploader, TimeProvider time,
    ILogger<GuildRecorder> log)
{
    /// <summary>Nothing more of this person leaves, of any recording of the server.</summary>
    public void Refuse(ulong guildId, ulong userId)
    {
        foreach (LiveManifest manifest in Of(guildId)) Refuse(manifest, userId, null);
    }

    /// <summary>The same for good, of those recordings that are meant: their ledgers say so.</summary>
    /// <param name="button">What was pressed or typed, for the ledger.</param>
    public void Erase(ulong guildId, ulong userId, string button, Func<SessionInfo, bool> isMeant)
    {
        foreach (LiveManifest manifest in Of(guildId).Where(one => isMeant(one.Session)))
        {
            if (manifest.Ledger?.Erased().Contains(userId) != true) Refuse(manifest, userId, button);
        }
    }

    private List<LiveManifest> Of(ulong guildId) =>
        [.. spool.Recordings().Select(Find).OfType<LiveManifest>().Where(one => one.Session.GuildId == guildId)];

    private LiveManifest? Find(RecordingId recording)
    {
        try
        {
            return manifests.Find(recording);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            log.RecordingUnsaved(recording.ToString(), Cause.Of(failure)); // the person has their answer even so
            return null;
        }
    }

    /// <param name="erasedBy">The button; null: the person only wants nothing more to be kept.</param>
    private void Refuse(LiveManifest manifest, ulong userId, string? erasedBy)
    {
        if (!manifest.OptOutsKnown([userId], byHost: false, isWhole: false)) return;
        if (erasedBy is not null) manifest.Note(Erased(userId, erasedBy), ConsentTexts.Of(ConsentModes.FromWord(manifest.Ledger?.Mode)));
        uploader.Erase(manifest.Session.RecordingId, userId);
        try
        {
            // For the process after this one, before the person has the answer.
            manifest.SaveLocally(manifest.Compose(time.GetUtcNow()));
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            log.RecordingUnsaved(manifest.Session.RecordingId.ToString(), Cause.Of(failure));
        }
    }

    private ConsentEntry Erased(ulong userId, string button) =>
        new() { UserId = userId, At = time.GetUtcNow(), Choice = ConsentEntry.Erased, Button = button };
}
