using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;
using static Pipeline.Bot.Tests.Guilds.RecordingApiStandIn;

namespace Pipeline.Bot.Tests.Panel;

/// <summary>After the end the panel and the starter hear how far tracks and mix are, and for how long they can be fetched.</summary>
public sealed class FilesReadyTests(AzuriteFixture azurite)
{
    private static readonly RecordingFile[] Made =
    [
        File("01-Ada.flac", "track", "1", "ready"), File("01-Ada.opus", "track", "1", "ready"), File("02-Ben.flac", "track", "2", "ready"),
        File("01-Ada.wav", "track", "1", "onRequest"), File("mix.flac", "mix", null, "ready"), File("info.json", "info", null, "ready"),
    ];

    public static TheoryData<string, int, bool, int> Lists => new()
    {
        { "nothing was asked for and nothing is made", 0, false, 100 },
        { "half of it", 1, false, 50 },
        { "all but the last percent", 0, false, 90 },
        { "all", 2, true, 100 },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void Only_what_is_made_by_itself_counts(string what, int tracks, bool hasMix, int percent)
    {
        RecordingFile[] files = what switch
        {
            "all" => Made,
            "half of it" => [File("1.flac", "track", "1", "ready"), File("mix.flac", "mix", null, "rendering", 0.19)],
            "all but the last percent" => [File("1.flac", "track", "1", "rendering", 0.999)],
            _ => [File("1.wav", "track", "1", "onRequest"), File("all.zip", "bundle", null, "rendering", 0.1)],
        };
        Assert.Equal(new FilesReady(tracks, hasMix, percent), FilesReady.Of(files));
    }

    [Fact]
    public async Task Panel_and_starter_hear_how_far_the_files_are_and_until_when_they_can_be_fetched()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        rig.Api.MakesLinks = true;
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.UntilAsync(() => rig.Api.Links.ContainsKey("link0"));
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.Told(rig.Admin, "is stored: "));
        Assert.False(rig.Told(rig.Admin, "ready"));
        rig.Api.Files = [.. Made.Select(file => file.Kind == "mix" ? file with { State = "rendering", Progress = 0.2 } : file)];
        rig.Api.Add(Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id));
        await rig.UntilAsync(() => rig.PanelText.Contains("Tracks and mix are being made: 80 %.", StringComparison.Ordinal), "progress");

        rig.Api.Files = Made;
        const string ready = "2 tracks and a mix are ready. The link opens it until <t:";
        await rig.UntilAsync(() => rig.PanelText.Contains(ready, StringComparison.Ordinal), "ready");
        await rig.UntilAsync(() => rig.Told(rig.Admin, ready));
        SimulatedMessage told = Assert.Single(rig.Discord.DirectChannel(rig.Admin.User).Messages);
        Assert.Contains("#k=link1", told.Text, StringComparison.Ordinal); // the starter's own
    }

    [Fact]
    public async Task Service_that_makes_no_files_is_not_waited_for()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.AskAsync(rig.Admin, "record stop");
        rig.Api.Add(Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id));
        await rig.UntilAsync(() => rig.PanelText.Contains("✅ Stored", StringComparison.Ordinal), "stored");
        await rig.UntilAsync(() => Directory.GetFiles(rig.Folder.Combine("spool", "state"), "panel-*.json").Length == 0);
        Assert.DoesNotContain("ready", rig.PanelText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RecordingStatus.Completed, 2, "is stored: ", " 2 pieces never arrived and are named in the recording.")]
    [InlineData(RecordingStatus.Failed, 3, "has ended. Nothing of it arrived, so there is nothing to keep.",
        " 3 pieces never arrived and are named in the recording.")]
    [InlineData(RecordingStatus.Failed, 0, "has ended. Nobody was heard, so there is nothing to keep.", "")]
    public async Task Starter_hears_what_the_panel_tells_of_pieces_that_never_arrived(RecordingStatus status, int missing, string what,
        string more)
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        rig.Api.MakesLinks = true;
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.AskAsync(rig.Admin, "record stop");
        rig.Api.Add(Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id, status) with { MissingSegmentCount = missing });
        await rig.UntilAsync(() => rig.Told(rig.Admin, what) && rig.Told(rig.Admin, more));
        await rig.UntilAsync(() => rig.PanelText.Contains(more, StringComparison.Ordinal));
        SimulatedMessage told = Assert.Single(rig.Discord.DirectChannel(rig.Admin.User).Messages);
        Assert.Equal(status == RecordingStatus.Completed, told.Text.Contains("#k=link", StringComparison.Ordinal));
        Assert.EndsWith(status == RecordingStatus.Completed ? "" : what + more, told.Text, StringComparison.Ordinal);
    }
}
