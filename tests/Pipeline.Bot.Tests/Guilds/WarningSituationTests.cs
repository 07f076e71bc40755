using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>
/// What is said about the audio while a recording runs, brought about at the simulated Discord. The patience is shorter than people's.
/// </summary>
public sealed class WarningSituationTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);
    private static readonly WarningTimes Silent = new()
    {
        Nobody = Never,
        NotHeard = Never,
        Quiet = Never,
        Undecodable = Never,
        StorageAway = Never
    };

    [Fact]
    public async Task Nobody_heard_is_said_in_the_channel()
    {
        await using BotRig rig = await StartAsync(Silent with { Nobody = Soon });
        await rig.RecordAsync();
        await rig.UntilSaidOnceAsync(Texts.NobodyHeard);
    }

    /// <summary>Who was heard before is known to the next process; it counts silence from its own first moment.</summary>
    [Fact]
    public async Task Nobody_heard_is_not_said_after_a_takeover_of_people_who_were()
    {
        await using BotRig rig = await StartAsync(Silent);
        await rig.RecordSpeechAsync();
        await rig.StopAsync();
        await using BotRig next = await BotRig.StartAsync(after: rig,
            change: options => options with { Warnings = Silent with { Nobody = Soon / 2, Quiet = Soon } });
        await next.UntilSaidOnceAsync("I continue; press Stop if you are done."); // later than the other would be
        Assert.False(next.Said(Texts.NobodyHeard));
    }

    [Fact]
    public async Task One_unmuted_person_without_sound_is_named()
    {
        await using BotRig rig = await StartAsync(Silent with { NotHeard = Soon });
        SimulatedSpeaker cleo = rig.Discord.AddSpeaker("Cleo");
        await rig.RecordSpeechAsync();
        await rig.UntilSaidAsync(Texts.NotHeard(cleo.UserId));
    }

    [Fact]
    public async Task Long_silence_is_said_and_can_be_ended_by_a_button()
    {
        await using BotRig rig = await StartAsync(Silent with { Quiet = Soon });
        await rig.RecordSpeechAsync();
        await rig.UntilSaidOnceAsync("I continue; press Stop if you are done.");
        SimulatedMessage said = rig.Discord.TextChannel.Messages.First(message =>
            message.Text.Contains("minutes of silence", StringComparison.Ordinal) && message.ButtonWithLabel("Stop") is not null);
        Assert.Contains(Texts.Stopping, (await rig.PressAsync(rig.Admin, said, "Stop")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poor_line_is_said_with_its_figures()
    {
        await using BotRig rig = await StartAsync(Silent);
        SimulatedSpeaker[] people = [.. Enumerable.Range(0, 3).Select(number => rig.Discord.AddSpeaker($"Speaker {number}"))];
        foreach (SimulatedSpeaker person in people) person.Conditions = MediaConditions.Lossy(0.35, TimeSpan.Zero);
        await rig.RecordAsync();
        await Task.WhenAll(people.Select(person => person.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(5)))));
        await rig.UntilSaidOnceAsync("The line to the voice server is poor (");
        Assert.True(rig.Said("% lost)."));
    }

    [Fact]
    public async Task Voice_that_cannot_be_decoded_is_named()
    {
        await using BotRig rig = await StartAsync(Silent with { Undecodable = Soon }, DaveMode.Enforced);
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        ben.Sealer = SealedFrames.OfNoKey;
        await rig.RecordAsync();
        Task talking = ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(30)));
        await rig.UntilSaidAsync(Texts.Undecodable([ben.UserId], Soon));
        ben.BeQuiet();
        await talking;
    }

    [Fact]
    public async Task Near_limit_is_said_before_it_is_reached()
    {
        await using BotRig rig = await StartAsync(Silent with { BeforeLimit = TimeSpan.FromSeconds(4) },
            capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(8) });
        await rig.RecordAsync();
        await rig.UntilSaidAsync("left before the limit of this recording.");
        Assert.False(rig.Said("part 2"));
        await rig.UntilSaidAsync("part 2");
    }

    /// <summary>It is given out when the bot leaves the call, and nobody empties the ring of a recording that has ended.</summary>
    [Fact]
    public async Task What_waits_for_its_key_at_the_limit_is_in_the_recording()
    {
        await using BotRig rig = await StartAsync(Silent, DaveMode.Enforced,
            new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(12) }); // joining is over after ten
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        ben.Sealer = SealedFrames.OfNoKey;
        await rig.RecordAsync();
        RecordedCall first = rig.Current!;
        Task talking = ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(60)));
        await rig.UntilSaidAsync("part 2");
        await rig.UntilAsync(() => rig.Current is { } next && next != first);
        Assert.True(first.Host.Recording.Frames.IsEmpty);
        Assert.Contains(first.Host.Snapshot.Gaps, gap => gap.UserId == ben.UserId);
        ben.BeQuiet();
        await talking;
    }

    [Fact]
    public async Task Storage_that_is_away_shows_in_the_panel_only()
    {
        await using BotRig rig = await StartAsync(Silent with { StorageAway = TimeSpan.FromSeconds(1) });
        await rig.RecordSpeechAsync();
        await rig.UntilAsync(() =>
            rig.PanelText.Contains("Storage is slow.", StringComparison.Ordinal)
            && rig.PanelText.Contains("nothing is lost", StringComparison.Ordinal), "panel");
        Assert.DoesNotContain(rig.Discord.Guild.Channels.SelectMany(channel => channel.Messages), message =>
            message.Id != rig.Panel!.Id && message.Text.Contains("Storage is slow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recording_that_was_deleted_meanwhile_is_said_to_be_gone()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.Add(RecordingApiStandIn.Finished("rec-1", "s-1", rig.Discord.Guild.Id, rig.Admin.Id));
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record delete", new() { ["recording"] = "rec-1" });
        rig.Api.DeletedBySomebodyElse = true;
        Assert.Equal(Texts.Gone(DateTimeOffset.UnixEpoch), (await rig.PressAsync(rig.Admin, asked.Original!, "Delete for good")).Text);
    }

    [Theory]
    [InlineData(6_001, "6,001 files still have to go")]
    [InlineData(1, "1 file still has to go")]
    public async Task Deletion_that_goes_on_says_how_much_is_left(int files, string left)
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.Add(RecordingApiStandIn.Finished("rec-1", "s-1", rig.Discord.Guild.Id, rig.Admin.Id));
        rig.Api.FilesLeft = files;
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record delete", new() { ["recording"] = "rec-1" });
        string text = (await rig.PressAsync(rig.Admin, asked.Original!, "Delete for good")).Text;
        Assert.Contains("is being deleted", text, StringComparison.Ordinal);
        Assert.Contains(left, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deletion_is_followed_in_the_same_answer_until_nothing_is_left()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.Add(RecordingApiStandIn.Finished("rec-1", "s-1", rig.Discord.Guild.Id, rig.Admin.Id));
        rig.Api.FilesLeft = 6_001;
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record delete", new() { ["recording"] = "rec-1" });
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, asked.Original!, "Delete for good");
        rig.Api.FilesLeft = 17;
        await rig.UntilAsync(() => pressed.Text.Contains("17 files still have to go", StringComparison.Ordinal));
        rig.Api.FilesLeft = 0;
        await rig.UntilAsync(() => pressed.Text == Texts.Deleted(Wording.User(rig.Admin.Id)));
    }

    private static Task<BotRig> StartAsync(WarningTimes warnings, DaveMode dave = DaveMode.Off, CaptureOptions? capture = null) =>
        BotRig.StartAsync(change: options => options with { Warnings = warnings }, dave: dave, capture: capture);
}
