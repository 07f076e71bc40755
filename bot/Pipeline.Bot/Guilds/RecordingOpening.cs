using System.Globalization;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// What comes before and beside joining: the name, what the manifest keeps, the first panel, and the words when it did not work.
/// </summary>
internal sealed class RecordingOpening(GatewayClient gateway, ActiveRecordings hosts, Nickname names, GuildSettingsStore settings,
    RecorderOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>For the bot that takes the recording over.</summary>
    public static Dictionary<string, string> Properties(StartCall start)
    {
        Dictionary<string, string> properties = new()
        {
            [ManifestProperties.VoiceChannel] = start.Channel.Id.ToString(CultureInfo.InvariantCulture),
            [ManifestProperties.Part] = start.Part.ToString(CultureInfo.InvariantCulture),
        };
        if (start.Rule is { } rule) properties[ManifestProperties.ByRule] = rule.People.ToString(CultureInfo.InvariantCulture);
        if (start.PanelChannel is { } panel) properties[ManifestProperties.PanelChannel] = panel.ToString(CultureInfo.InvariantCulture);
        return properties;
    }

    /// <summary>Null, or why the recording cannot start. Only a missing permission stops it; Discord being slow does not.</summary>
    public async Task<string?> RenameAsync(StartCall start, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        if (start.Settings.Announce == AnnounceMode.Text) return null;
        string? nickname = start.Guild.Members.GetValueOrDefault(gateway.SelfId)?.Nick;
        try
        {
            string? before = await names.SetAsync(start.Guild.Id, nickname,
                gateway.Guilds.Self?.DisplayName ?? "Recorder", cancellationToken);
            properties[ManifestProperties.NameChanged] = "true";
            if (before is not null) properties[ManifestProperties.NameBefore] = before;
            return null;
        }
        catch (DiscordRestException refused) when (refused.IsForbidden)
        {
            return Texts.MissingPermissions(["Change Nickname"], start.Channel.Id);
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            logger.RenameFailed(start.Guild.Id, Cause.Of(problem));
            return null;
        }
    }

    /// <summary>Starts the recording; gives the name back when that fails.</summary>
    public async Task<ActiveRecording> HostAsync(StartCall start, Dictionary<string, string> properties,
        CancellationToken cancellationToken)
    {
        try
        {
            return await hosts.StartAsync(new StartRecordingRequest
            {
                GuildId = start.Guild.Id,
                GuildName = start.Guild.Name is { Length: > 0 } name ? name : start.Guild.Id.ToString(CultureInfo.InvariantCulture),
                ChannelId = start.Channel.Id,
                ChannelName = start.Channel.Name,
                StartedBy = start.StartedBy,
                Title = start.Title,
                Properties = properties,
                // Who was erased from the part before stays out of this one: to people it is one recording.
                OptedOut = [.. settings.OptedOut(start.Guild.Id).Union(start.Said?.Erased() ?? [])],
                Consent = Ledger(start),
                AwaitsOptOuts = !settings.KnowsOptOuts(start.Guild.Id),
            }, cancellationToken);
        }
        catch when (properties.ContainsKey(ManifestProperties.NameChanged))
        {
            // Nothing is recorded, so the name must not say so.
            await names.RestoreAsync(start.Guild.Id, properties.GetValueOrDefault(ManifestProperties.NameBefore),
                cancellationToken);
            throw;
        }
    }

    // What was said holds on; how people are asked is as the settings are by now, or as before where this host never heard them.
    private static ConsentLedger Ledger(StartCall start) => start.Said is not { } said
        ? new ConsentLedger { Mode = start.Settings.Consent.ToWord() }
        : said with { Mode = start.Settings.ConsentOr(ConsentModes.FromWord(said.Mode)).ToWord() };

    /// <summary>A voice call that nobody has joined yet.</summary>
    public VoiceCall NewCall() => new(
        options.Voice,
        (guild, channel, token) => gateway.UpdateVoiceStateAsync(guild, channel, selfMute: false, selfDeaf: false, token),
        time,
        logger);

    public async Task<bool> PostPanelAsync(RecordedCall call, CancellationToken cancellationToken)
    {
        if (call.Start.PanelChannel is not { } channel) return false;
        try
        {
            await call.Panel.PostAsync(channel, cancellationToken);
            return true;
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            logger.PostFailed(call.GuildId, Cause.Of(problem));
            return false;
        }
    }

    /// <summary>The disk takes no files.</summary>
    public static bool IsRefusedByDisk(Exception problem) => DiskFailure.Is(problem);
}

/// <summary>Names under which the manifest keeps what a takeover needs.</summary>
internal static class ManifestProperties
{
    public const string Panel = "panel";
    public const string PanelChannel = "panelChannel";
    public const string VoiceChannel = "voiceChannel";
    public const string NameBefore = "nameBefore";
    public const string NameChanged = "nameChanged";
    public const string Part = "part";

    /// <summary>A rule started it, and so many people were its condition.</summary>
    public const string ByRule = "byRule";
}
