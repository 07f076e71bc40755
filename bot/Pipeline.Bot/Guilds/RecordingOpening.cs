using System.Globalization;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// What comes before and beside joining: the settings, the name, what the manifest keeps, the first panel, and the words when it did not
/// work.
/// </summary>
internal sealed class RecordingOpening(GatewayClient gateway, ActiveRecordings hosts, Nickname names, GuildSettingsStore settings,
    RecordedCallFactory calls, TimeProvider time, ILogger<GuildRecorder> log)
{
    /// <summary>Between two parts people go on talking, and nobody listens: so long the recording API is waited for there.</summary>
    public static readonly TimeSpan PatienceBetweenParts = TimeSpan.FromSeconds(2);

    public bool IsSelf(ulong userId) => userId == gateway.SelfId;

    /// <summary>This process records it already.</summary>
    public bool IsRunning(RecordingId recording) => hosts.Running.Any(host => host.Session.RecordingId == recording);

    /// <summary>Null, or why the recording cannot start. Only a missing permission stops it; Discord being slow does not.</summary>
    public async Task<string?> RenameAsync(StartCall start, Dictionary<string, string> properties)
    {
        bool isSaid = start.Settings.Announce != AnnounceMode.Text;
        string? nickname = start.Guild.Members.GetValueOrDefault(gateway.SelfId)?.Nick;
        if (start.Before is { IsNameChanged: true } before)
        {
            // The part before has left it as it is: people go on talking, and Discord may keep a name waiting for a minute.
            if (!isSaid) _ = names.RestoreAsync(start.Guild.Id, before.Name, CancellationToken.None);
            else if (Nickname.HasPrefix(nickname))
            {
                ManifestProperties.KeepName(properties, before.Name);
                return null;
            }
        }
        if (!isSaid) return null;
        try
        {
            ManifestProperties.KeepName(properties, await names.SetAsync(start.Guild.Id, nickname,
                gateway.Guilds.Self?.DisplayName ?? "Recorder", CancellationToken.None));
            return null;
        }
        catch (DiscordRestException refused) when (refused.IsForbidden)
        {
            return Texts.MissingPermissions(["Change Nickname"], start.Channel.Id);
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.RenameFailed(start.Guild.Id, Cause.Of(problem));
            return null;
        }
    }

    /// <summary>Gives back a name that a crash left.</summary>
    public Task MendNameAsync(ulong guildId) =>
        gateway.Guilds.Find(guildId)?.Members.GetValueOrDefault(gateway.SelfId) is { } self
            ? names.MendAsync(guildId, self.Nick, gateway.Guilds.Self?.DisplayName ?? "", CancellationToken.None)
            : Task.CompletedTask;

    /// <summary>Starts the recording, whose call nobody has joined yet; gives the name back when that fails.</summary>
    public async Task<RecordedCall> OpenAsync(StartCall start, Dictionary<string, string> properties)
    {
        properties[ManifestProperties.Bot] = gateway.SelfId.ToString(CultureInfo.InvariantCulture);
        try
        {
            ActiveRecording host = await hosts.StartAsync(new StartRecordingRequest
            {
                GuildId = start.Guild.Id,
                GuildName = start.Guild.Name is { Length: > 0 } name ? name : start.Guild.Id.ToString(CultureInfo.InvariantCulture),
                ChannelId = start.Channel.Id,
                ChannelName = start.Channel.Name,
                StartedBy = start.StartedBy,
                Title = start.Title,
                Properties = properties,
                // Who was erased from the part before stays out of this one: to people it is one recording.
                OptedOut = [.. settings.OptedOut(start.Guild.Id).Union(start.Before?.Said?.Erased() ?? [])],
                Consent = Ledger(start),
                AwaitsOptOuts = !settings.KnowsOptOuts(start.Guild.Id),
            }, CancellationToken.None);
            return calls.Create(host, start);
        }
        catch when (properties.ContainsKey(ManifestProperties.NameChanged))
        {
            // Nothing is recorded, so the name must not say so.
            await names.RestoreAsync(start.Guild.Id, properties.GetValueOrDefault(ManifestProperties.NameBefore), CancellationToken.None);
            throw;
        }
    }

    public async Task<bool> PostPanelAsync(RecordedCall call)
    {
        if (call.Start.PanelChannel is not { } channel) return false;
        try
        {
            await call.Panel.PostAsync(channel, CancellationToken.None);
            return true;
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.PostFailed(call.GuildId, Cause.Of(problem));
            return false;
        }
    }

    /// <summary>Hears the settings as they are by now, with as much patience as there is between two parts.</summary>
    public async Task HearSettingsAsync(ulong guildId)
    {
        using CancellationTokenSource patience = new(PatienceBetweenParts, time);
        await settings.GetAsync(guildId, patience.Token);
    }

    /// <summary>What follows a recording that has come to its limit, by all that was said until now and by the settings at hand.</summary>
    public StartCall NextPart(RecordedCall ended) => ended.Start with
    {
        Guild = gateway.Guilds.Find(ended.GuildId) ?? ended.Start.Guild,
        Part = ended.Start.Part + 1,
        Channel = ended.People.Channel(ended.Start.Channel),
        Settings = settings.AtHand(ended.GuildId),
        Before = new PartBefore(ended.Host.Ledger, ended.Host.Properties.ContainsKey(ManifestProperties.NameChanged),
            ended.Host.Properties.TryGetValue(ManifestProperties.NameBefore, out string? name) ? name : null, ended.Panel.IsLinkWithheld),
    };

    // What was said holds on; how people are asked is as the settings are by now, or as before where this host never heard them.
    private static ConsentLedger Ledger(StartCall start) => start.Before?.Said is not { } said
        ? new ConsentLedger { Mode = start.Settings.Consent.ToWord() }
        : said with { Mode = start.Settings.ConsentOr(ConsentModes.FromWord(said.Mode)).ToWord() };

    /// <summary>The disk takes no files.</summary>
    public static bool IsRefusedByDisk(Exception problem) => DiskFailure.Is(problem);
}
