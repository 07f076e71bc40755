using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Tests.Panel;

/// <summary>What the panel shows and offers in each state of a recording.</summary>
public sealed class PanelDrawingTests
{
    private static readonly SessionInfo Session = new()
    {
        RecordingId = new RecordingId(new Guid("0198c0de-0000-7000-8000-000000000001")),
        GuildId = 1,
        GuildName = "Guild",
        ChannelId = 2,
        StartedBy = 3,
        StartedAt = DateTimeOffset.UnixEpoch.AddYears(56),
        Title = "Stand up",
    };

    [Theory]
    [InlineData(nameof(PanelPhase.Connecting), "🟠 Connecting", 0xE67E22)]
    [InlineData(nameof(PanelPhase.Recording), "🔴 Recording", 0xE74C3C)]
    [InlineData(nameof(PanelPhase.Paused), "⏸️ Paused", 0x3498DB)]
    [InlineData(nameof(PanelPhase.Reconnecting), "🟡 Reconnecting", 0xF1C40F)]
    [InlineData(nameof(PanelPhase.Stopping), "⚪ Stopping", 0x95A5A6)]
    [InlineData(nameof(PanelPhase.Storing), "⚪ Ended, storing", 0x95A5A6)]
    [InlineData(nameof(PanelPhase.Stored), "✅ Stored", 0x2ECC71)]
    [InlineData(nameof(PanelPhase.Empty), "⚪ Ended, nothing was recorded", 0x95A5A6)]
    public void Every_phase_has_its_title_and_its_colour(string phase, string title, int colour)
    {
        MessageEmbed embed = Draw(State(phase)).Embeds![0];
        Assert.Equal((title + " · Stand up", colour), (embed.Title, embed.Color));
        Assert.Equal(title, Draw(State(phase) with { Session = Session with { Title = " " } }).Embeds![0].Title);
        Assert.Equal($"Recording {Session.RecordingId}", embed.Footer!.Text);
    }

    [Theory]
    [InlineData(nameof(PanelPhase.Recording), ConsentLedger.Off, "Stop,Note,Pause,Don't record me")]
    [InlineData(nameof(PanelPhase.Paused), ConsentLedger.Off, "Stop,Note,Resume,Don't record me")]
    [InlineData(nameof(PanelPhase.Connecting), ConsentLedger.Ask, "Stop,Note,Pause|Erase,Don't record me")]
    [InlineData(nameof(PanelPhase.Reconnecting), ConsentLedger.Required, "Stop,Note,Pause|Agree,Don't record me")]
    [InlineData(nameof(PanelPhase.Stopping), ConsentLedger.Required, "")]
    [InlineData(nameof(PanelPhase.Stored), ConsentLedger.Ask, "")]
    public void Buttons_are_those_that_do_something(string phase, string consent, string rows)
    {
        string expected = rows.Replace("Erase", ConsentTexts.EraseButton, StringComparison.Ordinal)
            .Replace("Agree", ConsentTexts.AgreeButton, StringComparison.Ordinal)
            .Replace("Don't record me", ConsentTexts.OptOutButton, StringComparison.Ordinal);
        PanelState state = State(phase) with { Consent = consent };
        Assert.Equal(expected, Rows(Draw(state)));
        string withLink = Rows(Draw(state with { Link = "https://example.org/r" }));
        string[] linked = expected.Split('|');
        linked[0] += expected.Length == 0 ? "Open" : ",Open";
        Assert.Equal(string.Join('|', linked), withLink);
        Assert.Equal(expected, Rows(Draw(state with { Link = "no address" })));
        Assert.Null(RecordingPanel.DrawPrivately(state).Components);
    }

    [Fact]
    public void Agreements_are_counted_where_they_are_asked_for()
    {
        PanelState state = State(nameof(PanelPhase.Recording)) with { Agreed = 2 };
        Assert.Null(Field(state, "Consent"));
        Assert.Null(Field(state with { Consent = ConsentLedger.Ask }, "Consent"));
        Assert.Equal("2 people have agreed", Field(state with { Consent = ConsentLedger.Required }, "Consent"));
        Assert.Equal("1 person has agreed", Field(state with { Consent = ConsentLedger.Required, Agreed = 1 }, "Consent"));
    }

    [Fact]
    public void Newest_events_are_shown_whole()
    {
        PanelState state = State(nameof(PanelPhase.Recording));
        Assert.Null(Field(state, "Last events"));
        Assert.Equal("`00:00:01` one", Field(state with { Events = [new PanelEvent(48_000, "one")] }, "Last events"));
        string[] lines = Field(state with { Events = [.. Enumerable.Range(0, 12).Select(i => new PanelEvent(0, $"event {i}"))] },
            "Last events")!.Split('\n');
        Assert.Equal((10, "`00:00:00` event 2", "`00:00:00` event 11"), (lines.Length, lines[0], lines[^1]));
        string full = Field(state with { Events = [.. Enumerable.Range(0, 10).Select(i => new PanelEvent(0, new string('y', 200)))] },
            "Last events")!;
        Assert.Equal(4, full.Split('\n').Length); // 4 times 212 characters fit into 1024
        Assert.Equal(1024, Field(state with { Events = [new PanelEvent(0, new string('y', 2000))] }, "Last events")!.Length);
    }

    [Fact]
    public void Waiting_files_and_losses_are_counted_and_where_there_are_none_that_is_said()
    {
        PanelState state = State(nameof(PanelPhase.Recording));
        Assert.Equal(("nothing waits", "nobody has spoken yet"), (Field(state, "On my disk"), Field(state, "Speakers")));
        PanelSpeaker ada = new("Ada", false, false, 3, 1, 0);
        Assert.Equal("**Ada** 3 received, 1 lost (25.0 %)", Field(state with { Speakers = [ada] }, "Speakers"));
        Assert.Equal("1 file, " + Wording.Bytes(5000), Field(state with { SpoolFiles = 1, SpoolBytes = 5000 }, "On my disk"));
    }

    [Theory]
    [InlineData("12/34/1700000000", true)]
    [InlineData("12/34", false)]
    [InlineData("12/34/56/78", false)]
    [InlineData("a/34/56", false)]
    [InlineData("12/b/56", false)]
    [InlineData("12/34/c", false)]
    [InlineData("12/34/-5", false)]
    [InlineData("12/34/253402300799", true)] // the last second of the year 9999
    [InlineData("12/34/253402300800", false)]
    [InlineData(null, false)]
    public void Place_of_a_panel_is_read_as_it_is_written(string? text, bool isPlace)
    {
        PostedPanel? read = PostedPanel.Parse(text);
        Assert.Equal(isPlace ? text : null, read?.ToString());
        if (read is not null) Assert.Equal((12UL, 34UL), (read.ChannelId, read.MessageId));
    }

    private static PanelState State(string phase) => new() { Session = Session, Phase = Enum.Parse<PanelPhase>(phase), ChannelId = 2 };

    private static MessageBody Draw(PanelState state) => RecordingPanel.Draw(state);

    private static string Rows(MessageBody body) =>
        string.Join('|', body.Components!.Select(row => string.Join(',', row.Components!.Select(button => button.Label))));

    private static string? Field(PanelState state, string name) =>
        Draw(state).Embeds![0].Fields!.SingleOrDefault(field => field.Name == name)?.Value;
}
