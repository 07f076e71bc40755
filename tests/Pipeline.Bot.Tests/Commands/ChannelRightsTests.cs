using Pipeline.Bot.AutoRecord;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Permissions = Pipeline.DiscordSimulator.World.Permissions;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>
/// The right to record is one thing, the right to be in a call another: without the second nobody records it, sees it or touches it.
/// </summary>
public sealed class ChannelRightsTests
{
    [Fact]
    public async Task Role_holder_records_no_channel_that_he_may_not_enter()
    {
        await using Place place = await Place.OpenAsync();
        SimulatedInteraction refused = await place.Rig.AskAsync(place.Scribe, "record start", new() { ["channel"] = place.Private });
        Assert.Equal(Texts.MayNotEnter(place.Private.Id), refused.Text);
        Assert.Null(refused.Original!.ButtonWithLabel("Check again"));
        Assert.Null(place.Rig.Current);
        Assert.Equal(Texts.MayNotEnter(place.Hidden.Id),
            (await place.Rig.AskAsync(place.Scribe, "record start", new() { ["channel"] = place.Hidden })).Text);
        Assert.Contains(Texts.Started(place.Rig.Discord.StageChannel.Id),
            (await place.Rig.AskAsync(place.Scribe, "record start", new() { ["channel"] = place.Rig.Discord.StageChannel })).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manage_server_alone_opens_no_channel_but_administrator_and_owner_do()
    {
        await using Place place = await Place.OpenAsync();
        SimulatedGuild guild = place.Rig.Discord.Guild;
        SimulatedMember manager = guild.AddMember("Manager").With(guild.AddRole("Managers", Permissions.ManageGuild));
        SimulatedMember administrator = guild.AddMember("Root").With(guild.AddRole("Administrators", Permissions.Administrator));
        Dictionary<string, object> there = new() { ["channel"] = place.Private };
        Assert.Equal(Texts.MayNotEnter(place.Private.Id), (await place.Rig.AskAsync(manager, "record start", there)).Text);
        Assert.Contains(Texts.Started(place.Private.Id), (await place.Rig.AskAsync(administrator, "record start", there)).Text,
            StringComparison.Ordinal);
        Assert.Contains("Recording", (await place.Rig.AskAsync(guild.Owner, "record status")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_was_taken_into_the_channel_by_a_moderator_may_record_it()
    {
        await using Place place = await Place.OpenAsync();
        place.Rig.Discord.Guild.Move(place.Scribe, place.Private);
        Assert.Contains(Texts.Started(place.Private.Id), (await place.Rig.AskAsync(place.Scribe, "record start")).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_again_of_somebody_elses_call_starts_nothing()
    {
        await using Place place = await Place.OpenAsync();
        await place.RecordPrivatelyAsync();
        place.Rig.Discord.Guild.Kick(place.Rig.Discord.BotMember);
        await place.Rig.UntilAsync(() => place.StartAgain is not null);
        SimulatedInteraction pressed = await place.Rig.PressAsync(place.Scribe, place.StartAgain!, "Start again");
        Assert.Equal(Texts.MayNotEnter(place.Private.Id), pressed.Text);
        await place.Rig.UntilAsync(() => place.Rig.Current is null); // the one that was kicked
        Assert.Contains(Texts.Started(place.Private.Id),
            (await place.Rig.PressAsync(place.Rig.Admin, place.StartAgain!, "Start again")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Running_recording_of_a_closed_channel_is_neither_shown_nor_touched()
    {
        await using Place place = await Place.OpenAsync();
        await place.RecordPrivatelyAsync();
        BotRig rig = place.Rig;
        foreach (string command in (string[])["record status", "record stop", "stop", "record pause", "record verify"])
        {
            Dictionary<string, object>? options = command == "record verify" ? new() { ["user"] = rig.Admin } : null;
            SimulatedInteraction answer = await rig.AskAsync(place.Scribe, command, options);
            Assert.Equal(Texts.OutOfSight, answer.Text);
        }
        Assert.Equal(Texts.OutOfSight, (await rig.AskAsync(place.Scribe, "record note", new() { ["text"] = "mine" })).Text);
        Assert.Empty(rig.Current!.Host.Snapshot.Notes);
        Assert.False(rig.Current.IsPaused);
    }

    [Fact]
    public async Task Buttons_of_a_closed_channels_panel_do_nothing_for_an_outsider()
    {
        await using Place place = await Place.OpenAsync();
        await place.RecordPrivatelyAsync();
        BotRig rig = place.Rig;
        foreach (string button in (string[])["Stop", "Pause", "Note"])
        {
            SimulatedInteraction pressed = await rig.PressAsync(place.Scribe, rig.Panel!, button);
            await rig.UntilAsync(() => pressed.Text == Texts.OutOfSight, button);
        }
        Assert.False(rig.Current!.IsPaused);
        await rig.AskAsync(rig.Admin, "record pause");
        await rig.UntilAsync(() => rig.Panel!.ButtonWithLabel("Resume") is not null);
        Assert.Equal(Texts.OutOfSight, (await rig.PressAsync(place.Scribe, rig.Panel!, "Resume")).Text);
        Assert.True(rig.Current.IsPaused);
        Assert.Equal(Texts.OutNow, (await rig.PressAsync(place.Scribe, rig.Panel!, "Don't record me")).Text);
        rig.Discord.Guild.Join(place.Scribe, rig.Discord.VoiceChannel);
        SimulatedInteraction busy = await rig.AskAsync(place.Scribe, "record start");
        Assert.Equal(Texts.BusyOutOfSight, busy.Text);
        Assert.Null(busy.Original!.ButtonWithLabel("Stop"));
        Assert.Contains(Texts.Stopping, (await rig.PressAsync(rig.Admin, rig.Panel!, "Stop")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_of_a_closed_channel_is_taken_away_by_those_alone_who_may_enter_it()
    {
        await using Place place = await Place.OpenAsync();
        BotRig rig = place.Rig;
        await rig.AskAsync(rig.Admin, "record auto", new() { ["channel"] = place.Private, ["people"] = 2 });
        Dictionary<string, object> off = new() { ["channel"] = place.Private, ["when"] = "off" };
        Assert.Equal(Texts.MayNotEnter(place.Private.Id), (await rig.AskAsync(place.Scribe, "record auto", off)).Text);
        Assert.Single(rig.Settings.AtHand(rig.Discord.Guild.Id).Settings.AutoRecord!);
        Assert.Equal(AutoTexts.Removed(place.Private.Id, stored: true), (await rig.AskAsync(rig.Admin, "record auto", off)).Text);
    }

    [Fact]
    public async Task List_link_and_delete_know_no_recording_of_a_closed_or_deleted_channel()
    {
        await using Place place = await Place.OpenAsync();
        BotRig rig = place.Rig;
        ulong stranger = 5;
        RecordingDetails ofPrivate = RecordingApiStandIn.Finished("rec-private", "s-1", rig.Discord.Guild.Id, stranger)
            with
        { ChannelId = place.Private.Id.ToString() };
        RecordingDetails older = RecordingApiStandIn.Finished("rec-open", "s-2", rig.Discord.Guild.Id, stranger)
            with
        { ChannelId = rig.Discord.VoiceChannel.Id.ToString() };
        RecordingDetails gone = RecordingApiStandIn.Finished("rec-gone", "s-3", rig.Discord.Guild.Id, stranger);
        rig.Api.Add(ofPrivate with { RecordedAt = DateTimeOffset.UnixEpoch.AddDays(2) });
        rig.Api.Add(older with { RecordedAt = DateTimeOffset.UnixEpoch.AddDays(1) });
        rig.Api.Add(gone);
        string list = (await rig.AskAsync(place.Scribe, "record list")).Text;
        Assert.Contains("`rec-open`", list, StringComparison.Ordinal);
        Assert.DoesNotContain("rec-private", list, StringComparison.Ordinal);
        Assert.DoesNotContain("rec-gone", list, StringComparison.Ordinal);
        Assert.Contains("`rec-open`", (await rig.AskAsync(place.Scribe, "record link")).Text, StringComparison.Ordinal);
        foreach (string id in (string[])["rec-private", "s-1", "rec-gone"])
        {
            Assert.Equal(Texts.WrongLink, (await rig.AskAsync(place.Scribe, "record link", new() { ["recording"] = id })).Text);
        }
        SimulatedMember manager = rig.Discord.Guild.AddMember("Manager")
            .With(rig.Discord.Guild.AddRole("Managers", Permissions.ManageGuild));
        Assert.Equal(Texts.WrongLink, (await rig.AskAsync(manager, "record delete", new() { ["recording"] = "rec-private" })).Text);
        Assert.Equal(Texts.WrongLink, (await rig.AskAsync(manager, "record keep", new() { ["recording"] = "rec-private" })).Text);
        Assert.DoesNotContain(rig.Api.Requests, request => request.StartsWith("PATCH ", StringComparison.Ordinal));
        string all = (await rig.AskAsync(rig.Admin, "record list")).Text;
        Assert.All((string[])["rec-private", "rec-open", "rec-gone"], id => Assert.Contains(id, all, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recording_that_was_moved_into_a_closed_channel_is_as_closed_while_it_runs_and_afterwards()
    {
        await using Place place = await Place.OpenAsync();
        BotRig rig = place.Rig;
        await rig.RecordAsync();
        RecordingDetails listed = RecordingApiStandIn.Finished("rec-moved", rig.Current!.Session.RecordingId.ToString(),
            rig.Discord.Guild.Id, rig.Admin.Id, RecordingStatus.Live) with
        { ChannelId = rig.Discord.VoiceChannel.Id.ToString() };
        rig.Api.Add(listed);
        Assert.Contains("`rec-moved`", (await rig.AskAsync(place.Scribe, "record list")).Text, StringComparison.Ordinal);
        rig.Discord.Guild.Move(rig.Discord.BotMember, place.Private);
        await rig.UntilSaidAsync(Texts.Moved(place.Private.Id));
        await HiddenAsync();

        // Back in the channel where everybody is, and over: what was said in between is as closed as it was.
        rig.Discord.Guild.Move(rig.Discord.BotMember, rig.Discord.VoiceChannel);
        await rig.UntilSaidAsync(Texts.Moved(rig.Discord.VoiceChannel.Id));
        await HiddenAsync();
        await rig.AskAsync(rig.Admin, "record stop");
        await HiddenAsync();

        // Another bot, or this one on another disk, knows what the API says.
        rig.Api.Add(listed with
        {
            SessionId = "s-1",
            Status = RecordingStatus.Completed,
            FurtherChannelIds = [place.Private.Id.ToString()],
        });
        await HiddenAsync();
        Assert.Contains("`rec-moved`", (await rig.AskAsync(rig.Admin, "record list")).Text, StringComparison.Ordinal);

        async Task HiddenAsync()
        {
            // Somebody else each time: a person is slowed to eight commands in ten seconds.
            SimulatedMember scribe = rig.Discord.Guild.AddMember("Scribe").With(place.Scribe.Roles[0]);
            Assert.Equal(Texts.NothingRecordedYet, (await rig.AskAsync(scribe, "record list")).Text);
            Assert.Equal(Texts.NothingRecordedYet, (await rig.AskAsync(scribe, "record link")).Text);
            Assert.Equal(Texts.WrongLink, (await rig.AskAsync(scribe, "record link", new() { ["recording"] = "rec-moved" })).Text);
        }
    }

    [Theory]
    [InlineData(0UL, 0UL, true)]
    [InlineData(0UL, (ulong)Discord.Model.Permissions.Connect, false)]
    [InlineData(0UL, (ulong)Discord.Model.Permissions.ViewChannel, false)]
    // the role gives back what everyone is denied
    [InlineData((ulong)Discord.Model.Permissions.Connect, (ulong)Discord.Model.Permissions.Connect, true)]
    public void Overwrites_decide_with_the_roles_of_the_interaction(ulong allowedToRole, ulong deniedToEveryone, bool mayEnter)
    {
        Discord.Model.Permissions everyday = Discord.Model.Permissions.ViewChannel | Discord.Model.Permissions.Connect;
        GuildChannel channel = new()
        {
            Id = 20,
            Kind = Discord.Model.ChannelKind.Voice,
            Overwrites =
            [
                new() { Id = 1, Type = 0, Deny = (Discord.Model.Permissions)deniedToEveryone },
                new() { Id = 30, Type = 0, Allow = (Discord.Model.Permissions)allowedToRole },
            ],
        };
        Guild guild = new() { Id = 1, OwnerId = 9 };
        guild = guild with
        {
            Roles = guild.Roles.Add(1, new GuildRole { Id = 1, Permissions = everyday }).Add(30, new GuildRole { Id = 30 }),
            Channels = guild.Channels.Add(20, channel),
        };
        // The cache knows nothing of this member: the roles are those that Discord sent with the use.
        GuildMember caller = new() { User = new DiscordUser { Id = 7 }, RoleIds = [30] };
        Assert.Equal(mayEnter, StartChecks.MayEnter(guild, caller, 20));
        Assert.False(StartChecks.MayEnter(guild, caller, 21));
        Assert.False(StartChecks.MayEnter(null, caller, 20));
    }

    /// <summary>
    /// A server with a channel that may be seen and not entered, one that may not be seen, and somebody with the recorder role.
    /// </summary>
    private sealed class Place(BotRig rig, SimulatedMember scribe, SimulatedChannel closed, SimulatedChannel hidden) : IAsyncDisposable
    {
        public BotRig Rig { get; } = rig;
        public SimulatedMember Scribe { get; } = scribe;
        public SimulatedChannel Private { get; } = closed;
        public SimulatedChannel Hidden { get; } = hidden;

        public SimulatedMessage? StartAgain =>
            Rig.Discord.TextChannel.Messages.LastOrDefault(message => message.ButtonWithLabel("Start again") is not null);

        public static async Task<Place> OpenAsync()
        {
            SimulatedChannel? closed = null;
            SimulatedChannel? hidden = null;
            SimulatedRole? role = null;
            BotRig rig = await BotRig.StartAsync(discord =>
            {
                SimulatedGuild guild = discord.Guild;
                role = guild.AddRole("Scribes", Permissions.None);
                closed = guild.AddVoiceChannel("Board");
                closed.Deny(guild.Everyone, Permissions.Connect);
                closed.Allow(discord.BotMember, Permissions.Connect);
                hidden = guild.AddVoiceChannel("Vault");
                hidden.Deny(guild.Everyone, Permissions.ViewChannel);
            });
            closed!.Allow(rig.Admin, Permissions.Connect);
            rig.Discord.Guild.SetUnavailable(true); // comes back with what the channels say by now
            await rig.UntilAsync(() => rig.Gateway.Guilds.Find(rig.Discord.Guild.Id) is { Unavailable: true });
            rig.Discord.Guild.SetUnavailable(false);
            await rig.UntilAsync(() => rig.Gateway.Guilds.Find(rig.Discord.Guild.Id) is { Unavailable: false });
            await rig.AskAsync(rig.Admin, "record settings", new() { ["role"] = role! });
            return new Place(rig, rig.Discord.Guild.AddMember("Scribe").With(role!), closed, hidden!);
        }

        /// <summary>Ada, who may enter it, records the closed channel.</summary>
        public async Task RecordPrivatelyAsync()
        {
            Rig.Discord.Guild.Join(Rig.Admin, Private);
            Assert.Contains(Texts.Started(Private.Id), (await Rig.AskAsync(Rig.Admin, "record start")).Text, StringComparison.Ordinal);
            await Rig.UntilAsync(() => Rig.Panel?.ButtonWithLabel("Stop") is not null);
        }

        public ValueTask DisposeAsync() => Rig.DisposeAsync();
    }
}
