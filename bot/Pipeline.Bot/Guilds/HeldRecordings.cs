using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Recordings that ended, or were left by a crash, before anybody here knew who does not want to be recorded. Asks for the list, deletes
/// what is theirs, and lets everything else leave the spool. (A recording that runs does this by itself.) Any thread.
/// </summary>
internal sealed class HeldRecordings(LiveManifests manifests, SegmentSpool spool, SegmentUploader uploader, GuildSettingsStore settings,
    TimeProvider time)
{
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (LiveManifest manifest in manifests.All.Where(IsHeld))
        {
            ulong guildId = manifest.Session.GuildId;
            if (!settings.KnowsOptOuts(guildId)) await settings.GetAsync(guildId, cancellationToken);
            if (settings.KnowsOptOuts(guildId)) LetLeave(manifest, settings.OptedOut(guildId));
        }
    }

    private static bool IsHeld(LiveManifest manifest) => manifest is { AwaitsOptOuts: true, Tenure.IsHosted: false };

    private void LetLeave(LiveManifest manifest, IReadOnlyList<ulong> optedOut)
    {
        RecordingId recording = manifest.Session.RecordingId;
        manifest.OptOutsKnown(optedOut);
        foreach (ulong userId in spool.Closed(recording).Select(segment => segment.Key.UserId).Distinct().Intersect(optedOut).ToList())
            uploader.Erase(recording, userId);
        manifest.SaveLocally(manifest.Compose(time.GetUtcNow()));
        uploader.Rescan();
    }
}
