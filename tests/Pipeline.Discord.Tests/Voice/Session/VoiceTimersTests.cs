using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Media;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Tests.Voice.Session;

public sealed class VoiceTimersTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Heartbeat_is_dead_after_two_beats_without_an_answer()
    {
        VoiceHeartbeat heartbeat = new(time);
        heartbeat.Start(TimeSpan.FromSeconds(13.75));
        Assert.False(heartbeat.Alarm.TakeIfDue());
        time.Advance(TimeSpan.FromSeconds(13.75));
        Assert.True(heartbeat.Alarm.TakeIfDue());
        Assert.False(heartbeat.Alarm.TakeIfDue());
        heartbeat.Sent();
        Assert.False(heartbeat.IsDead);
        heartbeat.Sent();
        Assert.True(heartbeat.IsDead);
        heartbeat.Answered();
        Assert.False(heartbeat.IsDead);
    }

    [Fact]
    public void Heartbeat_of_a_new_connection_begins_without_the_old_ones_debts()
    {
        VoiceHeartbeat heartbeat = new(time);
        heartbeat.Start(TimeSpan.FromSeconds(1));
        heartbeat.Sent();
        heartbeat.Sent();
        heartbeat.Start(TimeSpan.FromSeconds(1));
        Assert.False(heartbeat.IsDead);
    }

    [Fact]
    public void Silent_media_server_is_dead_only_when_it_used_to_echo()
    {
        MediaPathWatch watch = new(TimeSpan.FromSeconds(30), echoesExpected: false, time);
        long first = time.GetTimestamp();
        Assert.False(watch.IsDead(first, keepaliveEchoes: 0));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(watch.IsDead(first, keepaliveEchoes: 0));
        long heard = time.GetTimestamp();
        Assert.False(watch.IsDead(heard, keepaliveEchoes: 1));
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.False(watch.IsDead(heard, keepaliveEchoes: 1));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(watch.IsDead(heard, keepaliveEchoes: 1));
        Assert.Equal(heard, watch.SilentSince);
        Assert.False(watch.IsDead(time.GetTimestamp(), keepaliveEchoes: 1));
    }

    [Fact]
    public void Silence_from_the_start_is_death_where_an_earlier_session_heard_echoes()
    {
        long begun = time.GetTimestamp();
        MediaPathWatch watch = new(TimeSpan.FromSeconds(30), echoesExpected: true, time);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(watch.IsDead(heardAt: 0, keepaliveEchoes: 0));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(watch.IsDead(heardAt: 0, keepaliveEchoes: 0));
        Assert.Equal(begun, watch.SilentSince);
    }

    [Fact]
    public void Loss_lasts_from_the_last_datagram_until_one_comes_again()
    {
        System.Threading.Channels.Channel<VoiceCallEvent> told = System.Threading.Channels.Channel.CreateUnbounded<VoiceCallEvent>();
        LossClock clock = new(time, told.Writer);
        VoiceSessionEnd Dead(long since) => new(VoiceSessionEndKind.MediaPathLost, null, "") { SilentSince = since, HasEchoed = true };
        long lastHeard = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(31));
        clock.OnEnded(Dead(lastHeard));
        clock.Begin("silent", lastHeard);
        Assert.True(clock.ExpectsEchoes);
        Assert.True(told.Reader.TryRead(out VoiceCallEvent? lost));
        Assert.Equal(TimeSpan.FromSeconds(31), Assert.IsType<VoiceCallEvent.Reconnecting>(lost).SilentFor);

        // Live again, and still nothing is heard: neither back, nor a second loss.
        clock.OnLive(7);
        time.Advance(TimeSpan.FromSeconds(31));
        clock.OnEnded(Dead(lastHeard + 1));
        clock.Begin("silent", lastHeard + 1);
        clock.OnLive(7);
        Assert.False(told.Reader.TryRead(out _));
        time.Advance(TimeSpan.FromSeconds(38));
        clock.OnMediaHeard(7, isLive: true);
        Assert.True(told.Reader.TryRead(out VoiceCallEvent? back));
        Assert.Equal(new VoiceCallEvent.Reconnected(7, TimeSpan.FromSeconds(100)), back);
    }

    [Fact]
    public void What_was_said_is_in_doubt_after_a_resume_unless_a_heartbeat_behind_it_was_answered()
    {
        AnswerWatch watch = new(time);
        Assert.False(IsInDoubt()); // nothing was said
        watch.BeatSent();
        watch.Said();
        watch.BeatAnswered();
        Assert.True(IsInDoubt()); // the beat went before it

        watch.BeatSent();
        watch.BeatAnswered();
        Assert.False(IsInDoubt());
        watch.Said();
        watch.BeatSent();
        watch.Said();
        watch.BeatAnswered();
        Assert.True(IsInDoubt());
        Assert.False(watch.TakeIfDue()); // what the gateway replays comes first
        time.Advance(TimeSpan.FromMilliseconds(250) - TimeSpan.FromTicks(1));
        Assert.False(watch.TakeIfDue());
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(watch.TakeIfDue());
        Assert.False(IsInDoubt());

        watch.Said(); // it was said again
        watch.BeatSent();
        watch.LinkDropped();
        watch.BeatAnswered(); // of the connection before
        Assert.True(IsInDoubt());

        bool IsInDoubt()
        {
            watch.LinkDropped();
            watch.Resumed();
            return watch.Alarm.Remaining is not null;
        }
    }

    [Fact]
    public void Alarm_that_is_cleared_does_not_ring()
    {
        Alarm alarm = new(time);
        Assert.Null(alarm.Remaining);
        alarm.Set(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), alarm.Remaining);
        alarm.Clear();
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(alarm.TakeIfDue());
    }
}
