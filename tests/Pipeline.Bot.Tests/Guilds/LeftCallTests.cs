using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What a bot reads of a recording that another process left.</summary>
public sealed class LeftCallTests
{
    [Fact]
    public void Manifest_tells_where_it_listened_what_it_showed_and_how_it_was_left()
    {
        LeftCall left = Left(new()
        {
            ["voiceChannel"] = "77",
            ["panelChannel"] = "78",
            ["panel"] = "78/79/1700000000",
            ["part"] = "3",
            [LiveManifest.HandedOver] = "true",
            ["nameChanged"] = "true",
            ["nameBefore"] = "Scribe",
            ["byRule"] = "4",
        });
        Assert.Equal((77UL, (ulong?)78, 3, true), (left.ChannelId, left.PanelChannel, left.Part, left.IsPlanned));
        Assert.Equal((true, "Scribe"), (left.IsNameChanged, left.NameBefore));
        Assert.Equal(new PostedPanel(78, 79, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000)), left.Posted);
        AutoRecordRule rule = left.Rule(selfId: 99)!;
        Assert.Equal((12UL, 99UL, 4, 13UL), (rule.ChannelId, rule.BotId, rule.People, rule.SetBy));
    }

    [Fact]
    public void What_is_not_there_is_as_at_the_start()
    {
        LeftCall left = Left([]);
        Assert.Equal((12UL, (ulong?)null, 1, false), (left.ChannelId, left.PanelChannel, left.Part, left.IsPlanned));
        Assert.Equal((false, (string?)null), (left.IsNameChanged, left.NameBefore));
        Assert.Null(left.Posted);
        Assert.Null(left.Rule(99));
    }

    [Fact]
    public void What_no_bot_of_ours_wrote_is_not_believed()
    {
        LeftCall left = Left(new() { ["voiceChannel"] = "-7", ["panelChannel"] = "x", ["panel"] = "1/2", ["byRule"] = "99999999999" });
        Assert.Equal((12UL, (ulong?)null), (left.ChannelId, left.PanelChannel));
        Assert.Null(left.Posted);
        Assert.Equal(AutoRecordRule.MostPeople, left.Rule(99)!.People);
    }

    private static LeftCall Left(Dictionary<string, string> properties)
    {
        SessionManifest manifest = BotRoom.Manifest(BotRoom.Session(RecordingId.New(TimeProvider.System)));
        return new LeftCall(new RecordingCandidate(manifest with { Properties = properties }, InSpool: true, LastSample: 0,
            IsLeased: false));
    }
}
