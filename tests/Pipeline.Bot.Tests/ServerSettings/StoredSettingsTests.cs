using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Tests.ServerSettings;

/// <summary>Wishes and changes that the API has not heard yet: none is lost, and nobody else's is written over.</summary>
public sealed class StoredSettingsTests
{
    private readonly StoredSettings copy = new()
    {
        Settings = new GuildSettings { OptedOutUserIds = ["1", "2"], AnnounceMode = "name", KeepDays = 30 },
        IsComplete = true,
    };

    [Fact]
    public void Wish_counts_over_the_list_that_the_API_has()
    {
        Assert.Same(copy.Settings, copy.Effective());
        Assert.False(copy.IsUnsaved);
        StoredSettings wished = copy with { Wishes = StoredSettings.NoWishes.Add("3", true).Add("1", false).Add("2", true) };
        Assert.True(wished.IsUnsaved);
        Assert.Equal(["2", "3"], wished.Effective().OptedOutUserIds);
        Assert.Equal([2UL, 3UL], wished.OptedOut());
        Assert.Equal([4UL], (copy with { Settings = new GuildSettings { OptedOutUserIds = ["x", "0", "4", "-1"] } }).OptedOut());
    }

    [Fact]
    public void What_was_not_changed_here_is_the_API_s()
    {
        GuildSettings theirs = new() { OptedOutUserIds = ["9"], AnnounceMode = "text" };
        Assert.Same(theirs, copy.Over(theirs));
        GuildSettings written = (copy with { Unsaved = true }).Over(theirs);
        Assert.Equal(("name", 30), (written.AnnounceMode, written.KeepDays));
        Assert.Equal(["9"], written.OptedOutUserIds); // its list of people always counts
    }

    [Fact]
    public void Change_that_was_made_unheard_leaves_the_rest()
    {
        AutoRecordRule ours = Rule(1, people: 2), theirsToo = Rule(1, people: 5), theirs = Rule(2, people: 3);
        StoredSettings unheard = new() { Unsaved = true, Settings = new GuildSettings { Consent = "required", AutoRecord = [ours] } };
        GuildSettings written = unheard.Over(new GuildSettings
        {
            RecorderRoleId = 7,
            AnnounceMode = "text",
            Consent = "off",
            KeepDays = 9,
            AutoRecord = [theirsToo, theirs],
        });
        Assert.Equal((7UL, "text", "required", 9), (written.RecorderRoleId, written.AnnounceMode, written.Consent, written.KeepDays));
        Assert.Equal([theirs, ours], written.AutoRecord!);
    }

    [Fact]
    public void What_was_said_while_it_was_written_is_still_owed()
    {
        StoredSettings written = copy with { Unsaved = true, Wishes = StoredSettings.NoWishes.Add("3", true).Add("4", true) };
        StoredSettings now = written with { Wishes = written.Wishes!.SetItem("4", false).Add("5", true) };
        StoredSettings left = now.Without(written);
        Assert.False(left.Unsaved);
        Assert.Equal([("4", false), ("5", true)], left.Wishes!.Select(wish => (wish.Key, wish.Value)).Order());
        Assert.True((now with { Settings = new GuildSettings() }).Without(written).Unsaved);
        Assert.False(copy.Without(written).Unsaved);
    }

    [Fact]
    public void File_of_an_older_version_keeps_its_wishes()
    {
        Assert.Same(copy, copy.Upgraded());
        StoredSettings old = copy with { Wishes = null, Unsaved = true, IsComplete = false };
        Assert.Equal([("1", true), ("2", true)], old.Upgraded().Wishes!.Select(wish => (wish.Key, wish.Value)).Order());
        Assert.True(old.Upgraded().IsComplete);
        Assert.Empty((old with { Unsaved = false }).Upgraded().Wishes!);
        Assert.Equal(["1", "2"], old.Effective().OptedOutUserIds);
    }

    [Fact]
    public void File_of_an_older_version_was_heard_where_it_has_what_only_a_service_tells()
    {
        StoredSettings nothing = new() { IsComplete = true, Settings = new GuildSettings { OptedOutUserIds = new List<string>() } };
        Assert.False(nothing.WereHeard);
        Assert.False((nothing with { Settings = nothing.Settings with { Consent = "required" }, Unsaved = true }).WereHeard);
        Assert.True((nothing with { Settings = nothing.Settings with { Consent = "required" } }).WereHeard);
        Assert.True((nothing with { Settings = nothing.Settings with { OptedOutUserIds = ["5"] }, Unsaved = true }).WereHeard);
        Assert.False((nothing with { Settings = nothing.Settings with { OptedOutUserIds = ["5"] }, IsComplete = false }).WereHeard);
        Assert.True(nothing.With(new GuildSettings()).WereHeard);
        Assert.False(nothing.With(null).WereHeard);
    }

    [Fact]
    public void Server_that_nobody_has_heard_of_is_asked_first()
    {
        KnownSettings heard = new(new GuildSettings { OptedOutUserIds = ["5"] }, IsLastKnown: false);
        Assert.Equal((ConsentMode.Off, true, false), (heard.Consent, heard.IsOptedOut(5), heard.IsOptedOut(6)));
        Assert.Equal(ConsentMode.Required, (heard with { WereHeard = false }).Consent);
        Assert.Equal(ConsentMode.Ask, (heard with { WereHeard = false }).ConsentOr(ConsentMode.Ask));
        KnownSettings chosen = new(new GuildSettings { Consent = "ask" }, IsLastKnown: true, WereHeard: false);
        Assert.Equal(ConsentMode.Ask, chosen.Consent);
    }

    private static AutoRecordRule Rule(ulong channel, int people) => new() { ChannelId = channel, BotId = 6, People = people, SetBy = 8 };
}
