using System.Collections.Immutable;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>Who may record, and what the bot must be granted for it, as Discord's own words have it.</summary>
public sealed class StartChecksTests
{
    private const ulong Self = 3, Ada = 7, Ben = 8, Owner = 9;
    private const ulong Server = 1, Call = 20, Chat = 21, Thread = 22;
    private const Permissions Everyday =
        Permissions.ViewChannel | Permissions.Connect | Permissions.ChangeNickname | Permissions.SendMessages | Permissions.EmbedLinks;

    [Theory]
    [InlineData(Permissions.ManageGuild, true)]
    [InlineData(Permissions.Administrator, true)]
    [InlineData(Permissions.ManageGuild | Permissions.Administrator, true)]
    [InlineData(Permissions.ManageChannels | Permissions.ManageNicknames | Permissions.MuteMembers, false)]
    [InlineData(Permissions.None, false)]
    public void Manage_server_or_administrator_manages(Permissions granted, bool manages) =>
        Assert.Equal(manages, StartChecks.MayManage(Place(), Member(Ada) with { Permissions = granted }));

    [Fact]
    public void Owner_manages_and_who_is_unknown_does_not()
    {
        Assert.True(StartChecks.MayManage(Place(), Member(Owner)));
        Assert.False(StartChecks.MayManage(Place(), Member(Ada)));
        Assert.False(StartChecks.MayManage(null, Member(Owner)));
        Assert.False(StartChecks.MayManage(Place(), new GuildMember()));
    }

    [Fact]
    public void Recorder_role_records_and_manages_nothing()
    {
        GuildSettings settings = new() { RecorderRoleId = 30 };
        GuildMember scribe = Member(Ada) with { RoleIds = [29, 30] };
        Assert.True(StartChecks.MayRecord(Place(), scribe, settings));
        Assert.False(StartChecks.MayManage(Place(), scribe));
        Assert.False(StartChecks.MayRecord(Place(), scribe, new GuildSettings()));
        Assert.False(StartChecks.MayRecord(Place(), Member(Ada) with { RoleIds = [29] }, settings));
        Assert.True(StartChecks.MayRecord(Place(), Member(Owner), settings));
    }

    // Discord does not list @everyone among somebody's roles.
    [Fact]
    public void Everyone_as_the_recorder_role_is_everybody()
    {
        Assert.True(StartChecks.MayRecord(Place(), Member(Ada), new GuildSettings { RecorderRoleId = Server }));
        Assert.False(StartChecks.MayRecord(null, Member(Ada), new GuildSettings { RecorderRoleId = Server }));
    }

    [Fact]
    public void Named_channel_comes_before_the_callers_own()
    {
        Guild guild = Place() with { VoiceStates = In(Call, Ada) };
        Assert.Equal(Call, StartChecks.FindChannel(guild, null, Ada, out string none)?.Id);
        Assert.Equal("", none);
        Assert.Null(StartChecks.FindChannel(guild, Chat, Ada, out string text));
        Assert.Equal(Texts.WrongChannel(Chat), text);
        Assert.Null(StartChecks.FindChannel(guild, 99, Ada, out string gone));
        Assert.Equal(Texts.WrongChannel(99), gone);
        Assert.Null(StartChecks.FindChannel(guild, null, Ben, out string nowhere));
        Assert.Equal(Texts.JoinFirst, nowhere);
        Assert.Equal(Call, StartChecks.FindChannel(guild, Call, Ben, out _)?.Id);
    }

    [Theory]
    [InlineData(Permissions.ViewChannel, "View Channel")]
    [InlineData(Permissions.Connect, "Connect")]
    [InlineData(Permissions.ChangeNickname, "Change Nickname")]
    public void What_is_denied_in_the_call_is_named(Permissions denied, string name)
    {
        Guild guild = Place(callDenies: denied);
        Assert.Equal(Texts.MissingPermissions([name], Call), Missing(guild, AnnounceMode.Full, Chat, out _));
        Assert.Equal([name], StartChecks.Missing(Everyday & ~denied, Everyday));
    }

    [Fact]
    public void Name_need_not_be_changed_where_a_message_alone_announces()
    {
        Guild guild = Place(callDenies: Permissions.ChangeNickname);
        Assert.Null(Missing(guild, AnnounceMode.Text, Chat, out ulong? panel));
        Assert.Equal(Chat, panel);
        Assert.Equal(Permissions.ViewChannel | Permissions.Connect, StartChecks.InCall(AnnounceMode.Text));
    }

    [Theory]
    [InlineData(Permissions.ViewChannel)]
    [InlineData(Permissions.SendMessages)]
    [InlineData(Permissions.EmbedLinks)]
    public void Panel_gives_way_to_the_calls_own_chat_where_one_right_is_missing(Permissions denied)
    {
        Assert.Null(Missing(Place(chatDenies: denied), AnnounceMode.Full, Chat, out ulong? panel));
        Assert.Equal(Call, panel);
    }

    [Fact]
    public void Thread_that_is_not_known_is_given_the_benefit_of_the_doubt()
    {
        Assert.Null(Missing(Place(), AnnounceMode.Full, Thread, out ulong? panel));
        Assert.Equal(Thread, panel);
    }

    [Fact]
    public void Before_Discord_has_named_the_bot_nothing_is_refused()
    {
        Guild guild = Place(callDenies: Permissions.Connect);
        Assert.Null(Missing(guild with { Members = guild.Members.Remove(Self) }, AnnounceMode.Full, Chat, out ulong? panel));
        Assert.Equal(Chat, panel);
    }

    [Theory]
    [InlineData(0, 2, false)]
    [InlineData(3, 2, false)]
    [InlineData(2, 2, true)]
    [InlineData(1, 2, true)] // more than fit: moderators have moved somebody in
    public void Channel_is_full_when_its_last_place_is_taken(int limit, int people, bool isFull)
    {
        Guild guild = Place(limit) with { VoiceStates = In(Call, [.. Enumerable.Range(100, people).Select(id => (ulong)id)]) };
        Assert.Equal(isFull ? Texts.ChannelFull(Call) : null, Missing(guild, AnnounceMode.Full, Chat, out _));
    }

    [Fact]
    public void Full_channel_takes_who_is_in_it_and_who_may_move_others()
    {
        Guild inside = Place(limit: 2) with { VoiceStates = In(Call, Self, Ada) };
        Assert.Null(Missing(inside, AnnounceMode.Full, Chat, out _));
        Guild mover = Place(limit: 1, more: Permissions.MoveMembers) with { VoiceStates = In(Call, Ada) };
        Assert.Null(Missing(mover, AnnounceMode.Full, Chat, out _));
        Guild elsewhere = Place(limit: 1) with { VoiceStates = In(Call, Ada).Add(Self, new() { UserId = Self, ChannelId = Chat }) };
        Assert.Equal(Texts.ChannelFull(Call), Missing(elsewhere, AnnounceMode.Full, Chat, out _));
    }

    private static string? Missing(Guild guild, AnnounceMode announce, ulong command, out ulong? panel) =>
        StartChecks.WhatIsMissing(guild, guild.Channels[Call], command, Self, announce, out panel);

    private static ImmutableDictionary<ulong, VoiceState> In(ulong channel, params ulong[] users) =>
        users.ToImmutableDictionary(user => user, user => new VoiceState { UserId = user, ChannelId = channel });

    private static Guild Place(int limit = 0, Permissions callDenies = 0, Permissions chatDenies = 0, Permissions more = 0)
    {
        GuildChannel call = new() { Id = Call, Kind = ChannelKind.Voice, UserLimit = limit, Overwrites = [Deny(callDenies)] };
        GuildChannel chat = new() { Id = Chat, Kind = ChannelKind.Text, Overwrites = [Deny(chatDenies)] };
        Guild guild = new() { Id = Server, OwnerId = Owner };
        return guild with
        {
            Roles = guild.Roles.Add(Server, new GuildRole { Id = Server, Permissions = Everyday | more }),
            Channels = guild.Channels.Add(Call, call).Add(Chat, chat),
            Members = guild.Members.Add(Self, Member(Self)),
        };
    }

    private static PermissionOverwrite Deny(Permissions denied) => new() { Id = Server, Type = 0, Deny = denied };

    private static GuildMember Member(ulong user) => new() { User = new DiscordUser { Id = user } };
}
