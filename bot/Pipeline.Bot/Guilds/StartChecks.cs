using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>May this person record, and can the bot do it there? Pure: everything known is handed in.</summary>
internal static class StartChecks
{
    /// <summary>Manage Server, Administrator, owner, or the recorder role.</summary>
    public static bool MayRecord(Guild? guild, GuildMember caller, GuildSettings settings) =>
        MayManage(guild, caller) || (settings.RecorderRoleId is { } role && (caller.RoleIds.Contains(role) || role == guild?.Id));

    public static bool MayManage(Guild? guild, GuildMember caller) =>
        (caller.Permissions is { } granted && (granted & (Permissions.ManageGuild | Permissions.Administrator)) != 0)
        || (guild is not null && caller.User?.Id == guild.OwnerId);

    /// <summary>
    /// Whether the caller may be in that voice channel, by Discord's rules and by the roles that came with the interaction. Being in it
    /// already, moved there by a moderator, is enough. Of a channel that is gone nothing can be computed: it is left to who manages the
    /// server.
    /// </summary>
    public static bool MayEnter(Guild? guild, GuildMember caller, ulong channelId)
    {
        const Permissions needed = Permissions.ViewChannel | Permissions.Connect;
        if (guild is null || caller.User is not { } user) return false;
        if (guild.VoiceStates.GetValueOrDefault(user.Id)?.ChannelId == channelId) return true;
        if (!guild.Channels.TryGetValue(channelId, out GuildChannel? channel)) return MayManage(guild, caller);
        return ChannelPermissions.Resolve(guild.Id, guild.OwnerId, guild.Roles, channel, user.Id, caller.RoleIds).HasFlag(needed);
    }

    /// <summary>The channel to record: the one named, else the caller's. Null and a text when there is none.</summary>
    public static GuildChannel? FindChannel(Guild guild, ulong? named, ulong callerId, out string problem)
    {
        problem = "";
        ulong? wanted = named ?? guild.VoiceStates.GetValueOrDefault(callerId)?.ChannelId;
        if (wanted is not { } id)
        {
            problem = Texts.JoinFirst;
            return null;
        }
        if (guild.Channels.GetValueOrDefault(id) is { HasVoice: true } channel) return channel;
        problem = Texts.WrongChannel(id);
        return null;
    }

    /// <summary>What keeps the bot from recording there, in words; null when nothing does.</summary>
    /// <param name="panelChannel">Where the panel goes: the command's channel, else the call's own chat; null when neither can be
    /// written.</param>
    public static string? WhatIsMissing(Guild guild, GuildChannel channel, ulong commandChannel, ulong selfId, AnnounceMode announce,
        out ulong? panelChannel)
    {
        panelChannel = commandChannel;
        if (!guild.Members.ContainsKey(selfId)) return null; // not known yet: Discord's answers decide
        List<string> missing = Missing(ChannelPermissions.Granted(guild, channel, selfId), InCall(announce));
        if (missing.Count > 0) return Texts.MissingPermissions(missing, channel.Id);
        List<string> unwritable = CannotWrite(guild, commandChannel, selfId);
        if (unwritable.Count > 0)
        {
            if (CannotWrite(guild, channel.Id, selfId).Count > 0) return Texts.MissingPermissions(unwritable, commandChannel);
            panelChannel = channel.Id;
        }
        return IsFull(guild, channel, selfId) ? Texts.ChannelFull(channel.Id) : null;
    }

    /// <summary>Names of the bits of <paramref name="needed"/> that are not granted, as Discord shows them.</summary>
    public static List<string> Missing(Permissions granted, Permissions needed)
    {
        (Permissions Bit, string Name)[] names =
        [
            (Permissions.ViewChannel, "View Channel"), (Permissions.Connect, "Connect"), (Permissions.ChangeNickname, "Change Nickname"),
            (Permissions.SendMessages, "Send Messages"), (Permissions.EmbedLinks, "Embed Links"),
        ];
        return [.. names.Where(one => needed.HasFlag(one.Bit) && !granted.HasFlag(one.Bit)).Select(one => one.Name)];
    }

    public static Permissions InCall(AnnounceMode announce) =>
        Permissions.ViewChannel | Permissions.Connect | (announce == AnnounceMode.Text ? Permissions.None : Permissions.ChangeNickname);

    /// <summary>A channel that the cache does not know (a thread) is given the benefit of the doubt.</summary>
    private static List<string> CannotWrite(Guild guild, ulong channelId, ulong selfId) =>
        guild.Channels.TryGetValue(channelId, out GuildChannel? channel)
        ? Missing(ChannelPermissions.Granted(guild, channel, selfId),
        Permissions.ViewChannel | Permissions.SendMessages | Permissions.EmbedLinks)
        : [];

    private static bool IsFull(Guild guild, GuildChannel channel, ulong selfId)
    {
        if (channel.UserLimit <= 0 || guild.VoiceStates.GetValueOrDefault(selfId)?.ChannelId == channel.Id) return false;
        bool mayPassTheLimit = ChannelPermissions.Resolve(guild, channel, selfId).HasFlag(Permissions.MoveMembers);
        return !mayPassTheLimit && guild.InChannel(channel.Id).Count() >= channel.UserLimit;
    }
}

/// <summary>How an attempt to start ended. <paramref name="Running"/>: what is being recorded; null when nothing is.</summary>
/// <param name="WasStopped">Somebody wanted it to end before it had begun.</param>
internal sealed record StartOutcome(RecordedCall? Running, string Text, bool Started, bool WasStopped = false);
