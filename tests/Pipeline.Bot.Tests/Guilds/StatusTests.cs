using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What <c>/record status</c> says of the bot itself.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task Those_who_manage_the_server_see_how_the_bot_is()
    {
        await using BotRig rig = await BotRig.StartAsync();
        string owner = (await rig.AskAsync(rig.Admin, "record status")).Text;
        Assert.Matches(@"^No recording is running in this server\.\nVersion \d+\.\d+\.\d+, up for 0 min\. Recordings now: 0, ", owner);
        Assert.EndsWith(" free, nothing waits.", owner, StringComparison.Ordinal);
        Assert.Equal(Texts.NothingToStop, (await rig.AskAsync(rig.Discord.Guild.AddMember("Grace"), "record status")).Text);
    }

    [Fact]
    public void Figures_are_said_in_words()
    {
        BotFigures figures = new("1.2.3", new TimeSpan(2, 3, 4, 5), 2, new SpoolSnapshot(3 << 20, 7, 5L << 30, SpoolLevel.Ok), 48_000 * 4);
        Assert.Equal("Version 1.2.3, up for 2 d 3 h. Recordings now: 2, safe up to 4 s ago. Disk: 5.00 GB free, "
            + "7 segments wait (3.0 MB).", OwnerTexts.Of(figures));
    }
}
