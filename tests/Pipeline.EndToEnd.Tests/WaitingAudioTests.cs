using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.EndToEnd.Tests.Rig;

namespace Pipeline.EndToEnd.Tests;

/// <summary>What a recording keeps of audio that had to wait for a key or for a name.</summary>
public sealed class WaitingAudioTests
{
    private const int Frame = 960;

    private static readonly byte[] First = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
    private static readonly byte[] Second = [.. Enumerable.Range(101, 16).Select(i => (byte)i)];

    private static readonly byte[] Strange = [.. Enumerable.Range(201, 16).Select(i => (byte)i)];

    private static readonly string[] Nothing = [];

    /// <summary>Peers switch keys up to 1.5 s before the commit has reached us.</summary>
    [Fact]
    public void Key_that_comes_late_costs_nothing_of_a_talk_with_padding_in_it()
    {
        using HeardPath heard = new() { Secret = First };
        DaveSnapshot group = HeardPath.Group with { Keys = [heard.KeysOf(1, HeardPath.Ada, First)] };
        heard.Apply(group);
        heard.Say(50);
        heard.Secret = Second;
        for (int i = 0; i < 10; i++) heard.Say(4).Pad();
        heard.Apply(group with { Keys = [heard.KeysOf(2, HeardPath.Ada, Second), .. group.Keys], Revision = 2 });
        heard.Say(50).EndTalk();
        heard.Stop();
        TrackHealth health = heard.Recording.Snapshot.Tracks.Single().Health;
        Assert.Equal((0L, 0L, 0L, 0L), (health.Lost, health.Late, health.Undecryptable, health.Concealed));
        Assert.Equal((145L, 10L), (health.Received, health.Empty));
        Assert.Equal(Nothing, Gaps(heard));
        Assert.InRange(heard.Closed.Sum(segment => segment.SampleCount), 140 * Frame, 146 * Frame);
    }

    [Fact]
    public void First_words_whose_key_comes_behind_their_end_are_kept_and_so_is_each_word_that_waits()
    {
        using HeardPath heard = new() { Secret = First };
        heard.Apply(HeardPath.Group);
        heard.Say(20).EndTalk().Pause(15).Say(20).EndTalk(); // 1.3 s
        heard.Apply(HeardPath.Group with { Keys = [heard.KeysOf(1, HeardPath.Ada, First)], Revision = 2 });
        heard.Stop();
        TrackHealth health = heard.Recording.Snapshot.Tracks.Single().Health;
        Assert.Equal((0L, 0L, 50L), (health.Lost, health.Late, health.Received));
        Assert.Equal(Nothing, Gaps(heard));
        Assert.InRange(heard.Closed.Sum(segment => segment.SampleCount), 60 * Frame, 66 * Frame);
    }

    /// <summary>Senders stay on the epoch before ours for up to two seconds: nobody meant that for us, and the line is good.</summary>
    [Fact]
    public void Talk_from_before_we_were_in_the_group_is_no_loss()
    {
        using HeardPath heard = new() { Secret = First };
        DaveSnapshot joining = HeardPath.Group with { JoinGapUntil = heard.Time.GetTimestamp() + (10 * heard.Time.TimestampFrequency) };
        heard.Apply(joining);
        heard.Say(20).EndTalk().Pause(25).Say(50);
        DaveSnapshot group = joining with { Keys = [heard.KeysOf(1, HeardPath.Ada, Second)], JoinedSerial = 1, Revision = 2 };
        heard.Apply(group);
        heard.Say(50);
        heard.Secret = Second;
        heard.Say(100).EndTalk();
        heard.Stop();
        TrackHealth health = heard.Recording.Snapshot.Tracks.Single().Health;
        Assert.Equal((0L, 0L, 0L), (health.Lost, health.Late, health.Undecryptable));
        Assert.Equal(Nothing, Gaps(heard));
        Assert.InRange(heard.Closed.Sum(segment => segment.SampleCount), 100 * Frame, 110 * Frame);
    }

    /// <summary>We fell out of the group and were taken in again: others went on under an epoch that we never had.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the call was not encrypted until then
    public void Talk_that_went_on_while_we_joined_the_group_again_is_a_gap(bool wasEncrypted)
    {
        using HeardPath heard = new() { Secret = wasEncrypted ? First : null };
        DaveSnapshot group = wasEncrypted ? HeardPath.Group with { Keys = [heard.KeysOf(1, HeardPath.Ada, First)], JoinedSerial = 1 }
            : DaveSnapshot.Plain;
        heard.Apply(group);
        heard.Say(100);
        heard.Secret = Strange;
        DaveSnapshot rejoining = HeardPath.Group with { Keys = group.Keys, JoinedSerial = group.JoinedSerial, Revision = 2 };
        heard.Apply(rejoining);
        heard.Say(25);
        heard.Apply(rejoining with
        {
            Keys = [heard.KeysOf(2, HeardPath.Ada, Second), .. group.Keys],
            JoinedSerial = 2,
            JoinGapUntil = heard.Time.GetTimestamp() + (10 * heard.Time.TimestampFrequency),
            Revision = 3,
        });
        heard.Say(25);
        heard.Secret = Second;
        heard.Say(100).EndTalk();
        heard.Stop();
        Assert.Equal(50, heard.Recording.Snapshot.Tracks.Single().Health.Undecryptable);
        RecordingGap gap = Assert.Single(heard.Recording.Snapshot.Gaps);
        Assert.Equal((HeardPath.Ada, "undecryptable"), (gap.UserId, gap.Reason));
        Assert.InRange(gap.SampleCount, 49 * Frame, 51 * Frame);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // of somebody who is here: it may be theirs
    public void Voice_without_a_name_at_the_end_is_kept_unless_somebody_has_said_no(bool hasSomebodyRefused)
    {
        const ulong bo = 100_000_000_000_000_002;
        using HeardPath heard = new(hasSomebodyRefused ? [bo] : []);
        heard.Recording.Introduce(HeardPath.Ada, "Ada", isBot: false);
        heard.Recording.Introduce(bo, "Bo", isBot: false);
        heard.Apply(null, isNamed: false);
        heard.Say(50);
        Assert.True(heard.Recording.Frames.IsEmpty);
        heard.End();
        heard.Stop();
        Assert.Equal(hasSomebodyRefused ? (0L, 50L) : (50L * Frame, 0L),
            (heard.Closed.Sum(segment => segment.SampleCount), heard.Recording.Snapshot.Refused));
        Assert.All(heard.Closed, segment => Assert.Equal((UnnamedSource.IdOf(HeardPath.Ssrc), "Unknown voice"),
            (segment.Key.UserId, segment.Username)));
    }

    [Fact]
    public void Frames_whose_key_has_not_come_by_the_end_of_a_session_are_a_gap()
    {
        using HeardPath heard = new() { Secret = Second };
        heard.Apply(HeardPath.Group with { Keys = [heard.KeysOf(1, HeardPath.Ada, First)] });
        heard.Say(50);
        heard.End();
        heard.Stop();
        Assert.Equal(50, heard.Recording.Snapshot.Tracks.Single().Health.Undecryptable);
        RecordingGap gap = Assert.Single(heard.Recording.Snapshot.Gaps);
        Assert.Equal((HeardPath.Ada, "undecryptable"), (gap.UserId, gap.Reason));
        Assert.InRange(gap.SampleCount, 49 * Frame, 51 * Frame);
    }

    private static IEnumerable<string> Gaps(HeardPath heard) => heard.Recording.Snapshot.Gaps.Select(gap => gap.Reason);
}
