using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Tests.Calls;

/// <summary>From which second and which packet on people are warned, and who is not to be named.</summary>
public sealed class SpeakerWatchBoundsTests
{
    private const ulong Ada = 1, Ben = 2;

    private readonly SpeakerWatch watch = new(new WarningTimes(), new HashSet<ulong>());
    private readonly List<SpeakerWarning> warnings = [];
    private bool benRefuses;
    private bool benListens = true;

    [Fact]
    public void Unheard_person_is_named_after_exactly_two_minutes()
    {
        Run(0, 120, _ => [Track(Ada, 50, speaking: true)]);
        Assert.Empty(warnings);
        Run(120, 121, _ => [Track(Ada, 50, speaking: true)]);
        Assert.Equal([new SpeakerWarning.NotHeard(Ben)], warnings);
    }

    [Fact]
    public void Two_minutes_begin_afresh_for_who_leaves_and_comes_back()
    {
        Run(0, 100, _ => [Track(Ada, 50, speaking: true)]);
        benListens = false;
        Run(100, 101, _ => [Track(Ada, 50, speaking: true)]);
        benListens = true;
        Run(101, 221, _ => [Track(Ada, 50, speaking: true)]);
        Assert.Empty(warnings);
        Run(221, 222, _ => [Track(Ada, 50, speaking: true)]);
        Assert.Equal([new SpeakerWarning.NotHeard(Ben)], warnings);
    }

    [Fact]
    public void Who_opted_out_or_was_heard_for_one_packet_is_not_missed()
    {
        benRefuses = true;
        Run(0, 300, _ => [Track(Ada, 50, speaking: true), Track(Ben, 0)]);
        benRefuses = false;
        Run(300, 600, _ => [Track(Ada, 50, speaking: true), Track(Ben, 1)]);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Silence_is_said_after_exactly_five_minutes_and_a_pause_counts_for_none()
    {
        Run(0, 10, _ => [Track(Ada, 50, speaking: true), Track(Ben, 1)]);
        Run(10, 309, _ => [Track(Ada, 50), Track(Ben, 1)]);
        Assert.Empty(warnings);
        Run(309, 310, _ => [Track(Ada, 50), Track(Ben, 1)]);
        Assert.Equal([new SpeakerWarning.Quiet(TimeSpan.FromMinutes(5))], warnings);
        warnings.Clear();
        Run(310, 311, _ => [Track(Ada, 51, speaking: true), Track(Ben, 1)]);
        Run(311, 500, _ => [Track(Ada, 51), Track(Ben, 1)]);
        watch.Look(Snapshots.At(500, [Track(Ada, 51), Track(Ben, 1)], paused: true), People(), connected: true);
        Run(501, 800, _ => [Track(Ada, 51), Track(Ben, 1)]);
        Assert.Empty(warnings);
        Run(800, 801, _ => [Track(Ada, 51), Track(Ben, 1)]);
        Assert.Single(warnings);
    }

    [Theory]
    [InlineData(225, 24, false)] // 249 packets: too few to say anything
    [InlineData(225, 25, true)] // 250, and exactly a tenth of them
    [InlineData(226, 25, false)] // a little less than a tenth
    public void Tenth_of_enough_packets_is_a_poor_line(long received, long lost, bool isPoor)
    {
        Run(0, 1, _ => [Track(Ada, 1000, 500), Track(Ben, 1)]);
        Run(1, 2, _ => [Track(Ada, 1000 + received, 500 + lost), Track(Ben, 1)]);
        Assert.Equal(isPoor, warnings.OfType<SpeakerWarning.PoorLine>().Any());
    }

    [Fact]
    public void Poor_line_is_said_again_only_after_it_was_good()
    {
        Run(0, 1, _ => [Track(Ada, 0), Track(Ben, 1)]);
        Run(1, 60, second => [Track(Ada, second * 40, second * 10, speaking: true), Track(Ben, 1)]);
        Assert.Single(warnings);
        Run(60, 160, second => [Track(Ada, (second - 60) * 40 + 2400, 600, speaking: true), Track(Ben, 1)]);
        Assert.Single(warnings);
        Run(160, 220, second => [Track(Ada, (second - 160) * 40 + 6400, (second - 160) * 10 + 600, speaking: true), Track(Ben, 1)]);
        Assert.Equal(2, warnings.Count);
    }

    // Half of what comes is lost from second 100 on: in the sixth second that is 150 of half a minute's 1500.
    [Fact]
    public void Share_is_that_of_the_last_half_minute()
    {
        Run(0, 101, second => [Track(Ada, second * 50, speaking: true), Track(Ben, 1)]);
        Run(101, 106, second => [Track(Ada, 5000 + (second - 100) * 25, (second - 100) * 25, speaking: true), Track(Ben, 1)]);
        Assert.Empty(warnings);
        Run(106, 107, _ => [Track(Ada, 5150, 150, speaking: true), Track(Ben, 1)]);
        SpeakerWarning.PoorLine poor = Assert.IsType<SpeakerWarning.PoorLine>(Assert.Single(warnings));
        Assert.Equal(10, poor.LostPercent, 0.001);
    }

    [Fact]
    public void One_packet_that_opens_sets_the_ten_seconds_back()
    {
        Run(0, 9, second => [Track(Ada, 100 + second * 50, undecryptable: second * 50, speaking: true), Track(Ben, 1)]);
        Run(9, 10, _ => [Track(Ada, 551, undecryptable: 450, speaking: true), Track(Ben, 1)]);
        Run(10, 19, second => [Track(Ada, 551 + (second - 9) * 50, undecryptable: 450 + (second - 9) * 50, speaking: true), Track(Ben, 1)]);
        Assert.Empty(warnings);
        Run(19, 20, second => [Track(Ada, 551 + (second - 9) * 50, undecryptable: 450 + (second - 9) * 50, speaking: true), Track(Ben, 1)]);
        SpeakerWarning.Undecodable failing = Assert.IsType<SpeakerWarning.Undecodable>(Assert.Single(warnings));
        Assert.Equal([Ada], failing.UserIds);
        Assert.Equal(TimeSpan.FromSeconds(10), failing.Length);
    }

    private void Run(int from, int to, Func<int, TrackSnapshot[]> tracks)
    {
        for (int second = from; second < to; second++)
            warnings.AddRange(watch.Look(Snapshots.At(second, tracks(second)), People(), connected: true));
    }

    private VoiceState[] People() => benListens
        ? [new() { UserId = Ada, ChannelId = 5 }, new() { UserId = Ben, ChannelId = 5 }]
        : [new() { UserId = Ada, ChannelId = 5 }];

    private TrackSnapshot Track(ulong user, long received, long lost = 0, long undecryptable = 0, bool speaking = false) =>
        Snapshots.Track(user, received, lost, undecryptable, speaking) with { OptedOut = user == Ben && benRefuses };
}
