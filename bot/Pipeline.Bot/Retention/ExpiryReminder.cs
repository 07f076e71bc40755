using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Retention;

/// <summary>
/// Tells those who started a recording two days before it is deleted. Looks every six hours, and when a server has come; whom it has told
/// lies on the disk. (Webhooks are told by the recording API.)
/// </summary>
internal sealed class ExpiryReminder(CatalogueClient api, GatewayClient gateway, DiscordRestClient rest, RecorderOptions options,
    TimeProvider time, ILogger<ExpiryReminder> log) : BackgroundService
{
    private static readonly TimeSpan Notice = TimeSpan.FromDays(2);
    private static readonly TimeSpan Round = TimeSpan.FromHours(6);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private const int PageLength = 100;
    private const int MostPages = 50; // of one server at a time: those behind it wait for their turn

    private readonly ConcurrentDictionary<ulong, long> lookedAt = new();
    private readonly Dictionary<ulong, (string? Cursor, HashSet<string> Near)> begun = []; // lists that take more than one look
    private readonly Dictionary<ulong, HashSet<string>> toldHere = []; // a disk that takes no word of it is no reason to tell it again

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (Guild guild in gateway.Guilds.All.Where(guild => !guild.Unavailable && IsDue(guild.Id)))
            {
                long began = time.GetTimestamp(); // the next round is counted from here, however long this look takes
                try
                {
                    if (!await LookAsync(guild.Id, stoppingToken)) continue;
                }
                catch (Exception away) when (away is not OperationCanceledException)
                {
                    log.SettingsAway(guild.Id, Cause.Of(away));
                }
                lookedAt[guild.Id] = began;
            }
        }
    }

    private bool IsDue(ulong guildId) => api.IsConfigured
        && (!lookedAt.TryGetValue(guildId, out long at) || time.GetElapsedTime(at) >= Round);

    /// <returns>False: the next look goes on where this one has ended.</returns>
    private async Task<bool> LookAsync(ulong guildId, CancellationToken cancellationToken)
    {
        string path = Path.Combine(options.StateFolder, string.Create(CultureInfo.InvariantCulture, $"expiring-{guildId}.json"));
        if (!toldHere.TryGetValue(guildId, out HashSet<string>? told))
            toldHere[guildId] = told = [.. LocalState.Read(path, ReminderJsonContext.Default.StringArray, guildId, log) ?? []];
        // One that fails begins from the newest again.
        (string? cursor, HashSet<string> near) = begun.Remove(guildId, out (string?, HashSet<string>) before) ? before : (null, []);
        for (int page = 0; page < MostPages; page++)
        {
            RecordingPage found = await api.ListAsync(guildId, PageLength, cursor, cancellationToken);
            foreach (RecordingSummary recording in found.Recordings.Where(IsNear))
            {
                near.Add(recording.Id);
                if (told.Contains(recording.Id)) continue;
                if (!await TellAsync(guildId, recording, cancellationToken)) continue; // Discord is away: again with the next round
                told.Add(recording.Id);
                Save(guildId, path, told);
            }
            if ((cursor = found.NextCursor) is not null) continue;
            if (told.RemoveWhere(id => !near.Contains(id)) > 0) Save(guildId, path, told);
            return true;
        }
        begun[guildId] = (cursor, near);
        return false;
    }

    private bool IsNear(RecordingSummary recording) => recording.DeletesAt is { } day && day - time.GetUtcNow() <= Notice;

    private async Task<bool> TellAsync(ulong guildId, RecordingSummary recording, CancellationToken cancellationToken)
    {
        if (!ulong.TryParse(recording.UserId, NumberStyles.None, CultureInfo.InvariantCulture, out ulong starter)) return true;
        await using ChannelMessages voice = new(rest, guildId, time, log);
        return await voice.TellSurelyAsync(starter, new MessageBody { Content = KeepTexts.Soon(recording, recording.DeletesAt!.Value) },
            cancellationToken);
    }

    private void Save(ulong guildId, string path, HashSet<string> told)
    {
        try
        {
            if (told.Count == 0) LocalState.Delete(path);
            else LocalState.Write(path, JsonSerializer.SerializeToUtf8Bytes([.. told], ReminderJsonContext.Default.StringArray));
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            log.LocalStateUnwritable(guildId, Cause.Of(problem));
        }
    }
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class ReminderJsonContext : JsonSerializerContext;
