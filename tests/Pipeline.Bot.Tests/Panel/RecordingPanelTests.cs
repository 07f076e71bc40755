using System.Text.Json;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Tests.Panel;

public sealed class RecordingPanelTests
{
    [Theory]
    [InlineData("Ada", 3, "Ada")]
    [InlineData("Ada", 2, "Ad")]
    [InlineData("Ad\U0001F399", 3, "Ad")]
    [InlineData("Ad\U0001F399", 4, "Ad\U0001F399")]
    public void Character_of_two_units_is_cut_whole(string text, int most, string expected) =>
        Assert.Equal((expected, expected), (Wording.Cut(text, most), Wording.Plain(text, most)));

    private static readonly SessionInfo Session = new()
    {
        RecordingId = new RecordingId(new Guid("0198c0de-0000-7000-8000-000000000001")),
        GuildId = 1,
        GuildName = "Guild",
        ChannelId = 2,
        StartedBy = 3,
        StartedAt = DateTimeOffset.UnixEpoch.AddYears(56),
    };

    [Fact]
    public void Facts_stand_in_their_fields()
    {
        MessageEmbed embed = RecordingPanel.Draw(State() with
        {
            Elapsed = SampleClock.ToSamples(new TimeSpan(26, 1, 2)),
            SafeUpTo = SampleClock.ToSamples(new TimeSpan(26, 0, 50)),
            Speakers = [new PanelSpeaker("Ada", true, false, 99_000, 1_000, 7), new PanelSpeaker("Ben", false, true, 0, 0, 0)],
            SpoolFiles = 3,
            SpoolBytes = 5 << 20,
        }).Embeds![0];
        Assert.Equal("26:01:02", Field(embed, "Elapsed"));
        Assert.Equal("26:00:50", Field(embed, "Safe up to"));
        Assert.Equal("3 files, 5.0 MB", Field(embed, "On my disk"));
        Assert.Equal("🎙️ **Ada** 99,000 received, 1,007 lost (1.0 %), 7 of them undecryptable\n**Ben** not recorded",
            Field(embed, "Speakers"));
    }

    [Fact]
    public void Slow_storage_is_said_in_the_panel_only_there()
    {
        MessageEmbed embed = RecordingPanel.Draw(
            State() with { StorageProblem = Texts.UploadDelayed(TimeSpan.FromSeconds(42)) }).Embeds![0];
        Assert.Equal("Storage is slow. 42 s wait on my disk; nothing is lost.", Field(embed, "On my disk"));
    }

    [Fact]
    public void Safe_is_never_later_than_what_was_recorded() =>
        Assert.Equal("00:00:01", Field(RecordingPanel.Draw(State() with { Elapsed = 48_000, SafeUpTo = 96_000 }).Embeds![0], "Safe up to"));

    [Theory]
    [InlineData(nameof(PanelPhase.Recording), true)]
    [InlineData(nameof(PanelPhase.Reconnecting), true)]
    [InlineData(nameof(PanelPhase.Storing), false)]
    [InlineData(nameof(PanelPhase.Stored), false)]
    public void Buttons_are_there_while_it_runs(string phase, bool expected)
    {
        MessageBody body = RecordingPanel.Draw(State() with { Phase = Enum.Parse<PanelPhase>(phase), Link = "https://example.org/x" });
        string[] labels = [.. body.Components!.SelectMany(row => row.Components!).Select(button => button.Label!)];
        Assert.Equal(expected, labels.Contains("Stop"));
        Assert.Contains("Open", labels);
        Assert.True(labels.Length <= 5);
    }

    [Fact]
    public void Names_cannot_break_out_of_the_panel_and_limits_of_discord_hold()
    {
        PanelSpeaker[] many = [.. Enumerable.Range(0, 60)
            .Select(i => new PanelSpeaker("**@everyone**\n" + new string('x', 90) + i, true, false, long.MaxValue / 1000, 1, 1))];
        MessageEmbed embed = RecordingPanel.Draw(State() with
        {
            Session = Session with { Title = new string('*', 100) },
            Speakers = many,
            Events = [.. Enumerable.Range(0, 60).Select(i => new PanelEvent(i, new string('y', 300)))],
        }).Embeds![0];
        Assert.All(embed.Fields!, field => Assert.InRange(field.Value.Length, 1, 1024));
        Assert.InRange(embed.Title!.Length, 1, 256);
        Assert.InRange(embed.Fields!.Sum(field => field.Name.Length + field.Value.Length) + embed.Title.Length, 1, 6000);
        Assert.DoesNotContain("@everyone",
            JsonSerializer.Serialize(embed.Fields!.Select(field => field.Value.Replace("\\@", "", StringComparison.Ordinal))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Speakers_are_shown_and_those_who_are_not_are_counted()
    {
        PanelSpeaker[] twenty = [.. Enumerable.Range(0, 20)
            .Select(i => new PanelSpeaker(new string((char)('a' + i), 32), Speaking: i == 2, false, 99_999, 12, 0))];
        string text = Field(RecordingPanel.Draw(State() with { Speakers = twenty }).Embeds![0], "Speakers");
        string[] lines = text.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("🎙️ **" + new string('c', 32), StringComparison.Ordinal));
        Assert.Equal($"and {20 - (lines.Length - 1)} more", lines[^1]);
        Assert.InRange(lines.Length, 10, 20);
        Assert.InRange(text.Length, 1, 1024);
    }

    [Fact]
    public void Who_speaks_is_shown_first_then_who_was_heard_and_then_who_was_not()
    {
        PanelSpeaker[] many = [.. Enumerable.Range(0, 60)
            .Select(i => new PanelSpeaker($"p{i}", Speaking: i == 59, OptedOut: false, Received: i is 57 or 58 ? 1 : 0, 0, 0))];
        string[] lines = Field(RecordingPanel.Draw(State() with { Speakers = many }).Embeds![0], "Speakers").Split('\n');
        Assert.Equal(25 + 1, lines.Length);
        Assert.Equal(["**p57** 1 received, 0 lost (0.0 %)", "**p58** 1 received, 0 lost (0.0 %)",
            "🎙️ **p59** 0 received, 0 lost (0.0 %)", "and 35 more"], lines[^4..]);
    }

    /// <summary>1,024 characters with the ends of lines.</summary>
    [Theory]
    [InlineData(2, 18)]
    [InlineData(1, 17)]
    public void Field_is_filled_to_its_end(int shorter, int shown)
    {
        PanelSpeaker[] full = [.. Enumerable.Range(0, 18)
            .Select(i => new PanelSpeaker(new string('x', i < shorter ? 38 : 39), false, OptedOut: true, 0, 0, 0))];
        string[] lines = Field(RecordingPanel.Draw(State() with { Speakers = full }).Embeds![0], "Speakers").Split('\n');
        Assert.Equal(shown, lines.Count(line => line.EndsWith("** not recorded", StringComparison.Ordinal)));
        Assert.Equal(shown == 18 ? [] : ["and 1 more"], lines[shown..]);
    }

    [Fact]
    public void Few_people_are_shown_whole_and_nobody_is_counted_besides()
    {
        PanelSpeaker[] three = [.. Enumerable.Range(0, 3).Select(i => new PanelSpeaker("p" + i, false, i == 1, i, 0, 0))];
        Assert.Equal("**p0** 0 received, 0 lost (0.0 %)\n**p1** not recorded\n**p2** 2 received, 0 lost (0.0 %)",
            Field(RecordingPanel.Draw(State() with { Speakers = three }).Embeds![0], "Speakers"));
    }

    [Theory]
    [InlineData("https://evil.example/x", "https\\:\\/\\/evil.example\\/x")]
    [InlineData("discord.gg/abc", "discord.gg\\/abc")]
    [InlineData("Ada\u202Egnp.exe", "Adagnp.exe")]
    [InlineData("A\u2066d\u2069a\u200F\u061C", "Ada")]
    [InlineData("A\u0000d\u0007a\u001B[31m", "Ada\\[31m")]
    [InlineData("Ad\u200Ba\uFEFF", "Ada")]
    [InlineData("two\nlines\tand\u2028more", "two lines and more")]
    [InlineData("👩\u200D🚀", "👩\u200D🚀")]
    public void Names_carry_no_live_link_and_nothing_invisible(string name, string shown) => Assert.Equal(shown, Wording.Plain(name, 80));

    [Fact]
    public void Declared_commands_keep_discords_limits()
    {
        Assert.All(CommandDefinitions.All, command =>
        {
            Assert.InRange(command.Description.Length, 1, 100);
            Assert.InRange(command.Options?.Count ?? 0, 0, 25);
            foreach (CommandOption option in (command.Options ?? []).SelectMany(one => (CommandOption[])[one, .. one.Options ?? []]))
            {
                Assert.Matches(@"^[-_\p{L}\p{N}]{1,32}$", option.Name);
                Assert.InRange(option.Description.Length, 1, 100);
            }
        });
    }

    private static PanelState State() => new() { Session = Session, Phase = PanelPhase.Recording, ChannelId = 2 };

    private static string Field(MessageEmbed embed, string name) => embed.Fields!.Single(field => field.Name == name).Value;
}
