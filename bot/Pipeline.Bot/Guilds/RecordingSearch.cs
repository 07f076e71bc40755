using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Looks for recordings that nobody runs, when guilds have come and every 30 s, and has their guilds' recorders take them over.
/// </summary>
internal sealed class RecordingSearch(GuildRecorders recorders, GatewayClient gateway, UnownedRecordings unowned, EndedPanels ended,
    TimeProvider time, ILogger<GuildRecorder> log)
{
    private static readonly TimeSpan SearchInterval = TimeSpan.FromSeconds(30);

    /// <summary>Guilds arrive in a row; they are looked at together.</summary>
    private static readonly TimeSpan GuildsSettle = TimeSpan.FromMilliseconds(100);

    // A recording that another bot is just handing over is there within seconds; one whose bot was killed when its lease of 60 s has run
    // out.
    private static readonly TimeSpan HandOverInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LeaseInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeasePatience = TimeSpan.FromSeconds(90);

    private readonly WakeSignal wake = new(time);

    /// <summary>A guild has come. Never waits.</summary>
    public void Look() => wake.Set();

    /// <summary>Goes on with the panels that an earlier process followed, then searches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        ended.Resume();
        long since = time.GetTimestamp();
        TimeSpan pause = SearchInterval;
        while (true)
        {
            if (await wake.WaitAsync(pause, cancellationToken)) await Task.Delay(GuildsSettle, time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            bool othersHold = await SearchOnceAsync(cancellationToken);
            TimeSpan searching = time.GetElapsedTime(since);
            pause = !othersHold || searching > LeasePatience ? SearchInterval : searching > HandOverPatience ? LeaseInterval
                : HandOverInterval;
        }
    }

    /// <summary>
    /// Who is in voice is known once a guild is; guilds of other shards are theirs. The newest recording of a guild goes first, because
    /// only one can go on.
    /// </summary>
    /// <returns>True while another process still holds the lease of a recording of our guilds.</returns>
    private async Task<bool> SearchOnceAsync(CancellationToken cancellationToken)
    {
        Guild[] guilds = [.. gateway.Guilds.All.Where(guild => !guild.Unavailable)];
        try
        {
            IReadOnlyList<RecordingCandidate> left = guilds.Length == 0 ? [] : await unowned.FindAsync(cancellationToken);
            ILookup<ulong, RecordingCandidate> byGuild = left.Where(IsOurs).OrderByDescending(candidate => candidate.Session.StartedAt)
                .ToLookup(candidate => candidate.Session.GuildId);
            bool[] othersHold = await Task.WhenAll(guilds.Select(guild => TakeOverAsync(guild, byGuild[guild.Id])));
            return othersHold.Contains(true);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            log.RecorderProblem(problem, 0);
            return false;
        }
    }

    // Another bot in the same server may share the storage, and goes on with its own. What lies in our spool was recorded here, also by a
    // bot of another name.
    private bool IsOurs(RecordingCandidate candidate) =>
        candidate.InSpool || new LeftCall(candidate).BotId is not { } bot || bot == gateway.SelfId;

    /// <returns>True while another process holds the lease of one of them; it goes first, and the bot's name is as it needs it.</returns>
    private async Task<bool> TakeOverAsync(Guild guild, IEnumerable<RecordingCandidate> left)
    {
        foreach (RecordingCandidate candidate in left)
        {
            if (candidate.IsLeased) return true;
            await recorders.For(guild.Id).TakeOverAsync(candidate);
        }
        bool looksChanged = Nickname.HasPrefix(guild.Members.GetValueOrDefault(gateway.SelfId)?.Nick);
        if (looksChanged) recorders.For(guild.Id).MendName();
        recorders.OnSearched(guild.Id);
        return false;
    }
}
