using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// Recordings that ended, or were left by a crash, before anybody here knew who does not want to be recorded. Asks for the list, deletes
/// what is theirs, and lets everything else leave the spool. (A recording that runs does this by itself.)
/// </summary>
internal sealed class HeldRecordings(LiveManifests manifests, SegmentSpool spool, SegmentUploader uploader, GuildSettingsStore settings,
    TimeProvider time, ILogger<HeldRecordings> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Dictionary<ulong, long> askedAt = []; // one entry per server with such recordings

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            do await LookAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (LiveManifest manifest in manifests.All.Where(IsHeld))
        {
            ulong guildId = manifest.Session.GuildId;
            try
            {
                if (!settings.KnowsOptOuts(guildId) && MayAsk(guildId)) await settings.GetAsync(guildId, cancellationToken);
                if (settings.KnowsOptOuts(guildId)) LetLeave(manifest, settings.OptedOut(guildId));
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                log.RecorderProblem(problem, guildId);
            }
        }
    }

    private static bool IsHeld(LiveManifest manifest) => manifest is { AwaitsOptOuts: true, Tenure.IsHosted: false };

    private bool MayAsk(ulong guildId)
    {
        if (askedAt.TryGetValue(guildId, out long at) && time.GetElapsedTime(at) < GuildSettingsStore.AskInterval) return false;
        askedAt[guildId] = time.GetTimestamp();
        return true;
    }

    private void LetLeave(LiveManifest manifest, IReadOnlyList<ulong> optedOut)
    {
        RecordingId recording = manifest.Session.RecordingId;
        if (!manifest.OptOutsKnown(optedOut, byHost: false)) return; // taken over since it was looked at: its host is told as well
        foreach (ulong userId in spool.Closed(recording).Select(segment => segment.Key.UserId).Distinct().Intersect(optedOut).ToList())
            uploader.Erase(recording, userId);
        uploader.Rescan();
        manifest.SaveLocally(manifest.Compose(time.GetUtcNow()));
    }
}
