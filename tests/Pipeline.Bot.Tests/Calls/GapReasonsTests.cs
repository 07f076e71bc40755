using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Tests.Calls;

public sealed class GapReasonsTests
{
    private readonly List<RecordingAction> posted = [];
    private bool isFull;

    [Fact]
    public void Gap_lasts_from_the_first_reason_to_the_end_of_the_last()
    {
        GapReasons reasons = new(Post);
        Assert.True(reasons.Begin("reconnect", TimeSpan.FromSeconds(3)));
        Assert.False(reasons.Begin("reconnect"));
        Assert.True(reasons.Begin("deafened"));
        Assert.True(reasons.IsOpen);
        reasons.End("reconnect");
        reasons.End("reconnect");
        reasons.End("another");
        Assert.Equal([new RecordingAction.GapStarted("reconnect", TimeSpan.FromSeconds(3))], posted);
        reasons.End("deafened");
        Assert.False(reasons.IsOpen);
        reasons.End("deafened");
        reasons.Retry(); // nothing is owed
        Assert.Equal([new RecordingAction.GapStarted("reconnect", TimeSpan.FromSeconds(3)), new RecordingAction.GapEnded()], posted);
    }

    [Fact]
    public void What_found_no_room_is_said_again_until_it_does()
    {
        GapReasons reasons = new(Post);
        isFull = true;
        reasons.Begin("reconnect");
        reasons.Retry();
        Assert.Empty(posted);
        isFull = false;
        reasons.Retry();
        reasons.Retry();
        Assert.Single(posted);
        isFull = true;
        reasons.End("reconnect");
        reasons.Begin("deafened"); // the newest word counts
        isFull = false;
        reasons.Retry();
        Assert.Equal(new RecordingAction.GapStarted("deafened"), posted[^1]);
    }

    [Fact]
    public void Manifest_keeps_what_the_next_owner_needs()
    {
        StartCall start = new(new Guild { Id = 1 }, new GuildChannel { Id = 2 }, 3, Title: null, 4, null!);
        Assert.Equal(new Dictionary<string, string> { ["voiceChannel"] = "2", ["panelChannel"] = "4", ["part"] = "1" },
            ManifestProperties.Of(start));
        Dictionary<string, string> byRule = ManifestProperties.Of(start with
        {
            PanelChannel = null,
            Rule = new AutoRecordRule { ChannelId = 2, BotId = 9, People = 5, SetBy = 3 },
        });
        Assert.Equal("5", byRule["byRule"]);
        Assert.False(byRule.ContainsKey("panelChannel"));
    }

    private bool Post(RecordingAction action)
    {
        if (!isFull) posted.Add(action);
        return !isFull;
    }
}
