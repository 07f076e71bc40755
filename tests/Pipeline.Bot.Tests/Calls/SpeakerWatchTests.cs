using System.Collections.Immutable;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Model;
using static Pipeline.Bot.Tests.Calls.Snapshots;

namespace Pipeline.Bot.Tests.Calls;

public sealed class SpeakerWatchTests
{
    private SpeakerWatch watch = new(new WarningTimes(), new HashSet<ulong>());
    private readonly List<SpeakerWarning> warnings = [];

    [Fact]
    public void Nobody_heard_is_said_once_after_a_minute()
    {
        Run(0, 59, _ => []);
        Assert.Empty(warnings);
        Run(59, 200, _ => []);
        Assert.Equal([new SpeakerWarning.Nobody()], warnings);
    }

    // The recording is 40 min old; this process has had it for a moment, and the one before it had heard both.
    [Fact]
    public void After_a_takeover_silence_is_counted_from_its_first_moment_and_nobody_is_a_stranger()
    {
        watch = new SpeakerWatch(new WarningTimes(), new HashSet<ulong> { 1, 2 });
        Run(2_400, 2_400 + 290, second => [Track(1, received: second - 2_399, speaking: second < 2_500)]);
        Assert.Empty(warnings);
        Run(2_690, 2_400 + 420, _ => [Track(1, received: 100)]);
        Assert.Equal([new SpeakerWarning.Quiet(TimeSpan.FromMinutes(5))], warnings);
    }

    // Nobody says a word after it: what this process has not listened to is no silence.
    [Fact]
    public void After_a_takeover_five_minutes_of_silence_begin_with_its_first_look()
    {
        watch = new SpeakerWatch(new WarningTimes(), new HashSet<ulong> { 1, 2 });
        Run(2_400, 2_700, _ => [Track(1, received: 0)]);
        Assert.Empty(warnings);
        Run(2_700, 2_800, _ => [Track(1, received: 0)]);
        Assert.Equal([new SpeakerWarning.Quiet(TimeSpan.FromMinutes(5))], warnings);
    }

    [Fact]
    public void After_a_takeover_the_minute_in_which_nobody_is_heard_begins_with_its_first_look()
    {
        Run(2_400, 2_460, _ => []);
        Assert.Empty(warnings);
        Run(2_460, 2_461, _ => []);
        Assert.Equal([new SpeakerWarning.Nobody()], warnings);
    }

    [Fact]
    public void Minute_in_which_nobody_is_heard_begins_when_somebody_is_there_to_be_heard()
    {
        for (int second = 0; second < 900; second++) warnings.AddRange(watch.Look(At(second, []), [], connected: true));
        Run(900, 959, _ => []);
        Assert.Empty(warnings);
        Run(959, 970, _ => []);
        Assert.Equal([new SpeakerWarning.Nobody()], warnings);
    }

    [Fact]
    public void One_unmuted_person_who_is_never_heard_is_named_once_while_others_are()
    {
        Run(0, 400, second => [Track(1, received: second * 50, speaking: true)]);
        Assert.Equal([new SpeakerWarning.NotHeard(2)], warnings);
    }

    [Fact]
    public void Muted_person_is_not_missed()
    {
        Run(0, 400, second => [Track(1, received: second * 50, speaking: true)], secondMuted: true);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Five_quiet_minutes_are_said_once_and_again_after_speech()
    {
        Run(0, 700, second => [Track(1, received: 500, speaking: second < 10), Track(2, received: 5)]);
        Assert.Equal([new SpeakerWarning.Quiet(new WarningTimes().Quiet)], warnings);
        Run(700, 1100, second => [Track(1, received: 900, speaking: second < 710), Track(2, received: 5)]);
        Assert.Equal(2, warnings.Count);
    }

    [Fact]
    public void Poor_line_is_said_when_a_tenth_of_half_a_minute_is_lost()
    {
        Run(0, 60, second => [Track(1, received: second * 40, lost: second * 10, speaking: true), Track(2, received: 5)]);
        SpeakerWarning.PoorLine poor = Assert.IsType<SpeakerWarning.PoorLine>(Assert.Single(warnings));
        Assert.InRange(poor.LostPercent, 19, 21);
    }

    [Fact]
    public void Somebody_who_cannot_be_decoded_for_ten_seconds_is_named()
    {
        Run(0, 9, second => [Track(1, received: 100 + second * 50, undecryptable: second * 50, speaking: true), Track(2, received: 5)]);
        Assert.Empty(warnings);
        Run(9, 60, second => [Track(1, received: 100 + second * 50, undecryptable: second * 50, speaking: true), Track(2, received: 5)]);
        SpeakerWarning.Undecodable failing = Assert.IsType<SpeakerWarning.Undecodable>(Assert.Single(warnings));
        Assert.Equal([1UL], failing.UserIds);
    }

    [Fact]
    public void A_few_undecodable_packets_are_nothing_to_talk_about()
    {
        Run(0, 60, second =>
            [Track(1, received: second * 50, undecryptable: Math.Min(second * 10, 100), speaking: true), Track(2, received: 5)]);
        Assert.Empty(warnings);
    }

    [Fact]
    public void While_paused_or_away_nothing_is_said()
    {
        for (int second = 0; second < 600; second++) warnings.AddRange(watch.Look(At(second, []), People(false), connected: false));
        Assert.Empty(warnings);
    }

    private void Run(int from, int to, Func<int, TrackSnapshot[]> tracks, bool secondMuted = false)
    {
        for (int second = from; second < to; second++)
            warnings.AddRange(watch.Look(At(second, tracks(second)), People(secondMuted), connected: true));
    }

    private static VoiceState[] People(bool secondMuted) =>
        [new() { UserId = 1, ChannelId = 5 }, new() { UserId = 2, ChannelId = 5, SelfMute = secondMuted }];
}
