using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Media;
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
        MediaPathWatch watch = new(TimeSpan.FromSeconds(30), time);
        Assert.False(watch.IsDead(datagrams: 5, keepaliveEchoes: 0));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(watch.IsDead(datagrams: 5, keepaliveEchoes: 0));
        Assert.False(watch.IsDead(datagrams: 6, keepaliveEchoes: 1));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(watch.IsDead(datagrams: 6, keepaliveEchoes: 1));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(watch.IsDead(datagrams: 6, keepaliveEchoes: 1));
        Assert.False(watch.IsDead(datagrams: 7, keepaliveEchoes: 1));
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
