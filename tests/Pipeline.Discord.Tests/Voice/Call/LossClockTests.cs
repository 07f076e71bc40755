using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>A gap in a recording is as long as this clock says: from the last datagram to the first one after it.</summary>
public sealed class LossClockTests
{
    private const ulong Channel = 7;

    private readonly FakeTimeProvider time = new();
    private readonly Channel<VoiceCallEvent> events = System.Threading.Channels.Channel.CreateUnbounded<VoiceCallEvent>();
    private readonly LossClock clock;

    public LossClockTests() => clock = new LossClock(time, events.Writer);

    [Fact]
    public void Loss_begins_with_the_last_datagram_and_is_told_once()
    {
        long heard = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(12));
        clock.Begin("silent", heard);
        clock.Begin("again", null);
        VoiceCallEvent.Reconnecting lost = Assert.IsType<VoiceCallEvent.Reconnecting>(Assert.Single(Told()));
        Assert.Equal(("silent", TimeSpan.FromSeconds(12)), (lost.Reason, lost.SilentFor));
        time.Advance(TimeSpan.FromSeconds(3));
        clock.OnLive(Channel);
        Assert.Equal([new VoiceCallEvent.Reconnected(Channel, TimeSpan.FromSeconds(15))], Told());
        clock.OnLive(Channel);
        Assert.Empty(Told());
    }

    [Fact]
    public void Loss_that_is_noticed_at_once_begins_now()
    {
        time.Advance(TimeSpan.FromSeconds(5));
        clock.Begin("closed", null);
        Assert.Equal(TimeSpan.Zero, Assert.IsType<VoiceCallEvent.Reconnecting>(Assert.Single(Told())).SilentFor);
        time.Advance(TimeSpan.FromSeconds(2));
        clock.OnLive(Channel);
        Assert.Equal([new VoiceCallEvent.Reconnected(Channel, TimeSpan.FromSeconds(2))], Told());
    }

    [Fact]
    public void After_a_dead_media_path_only_a_datagram_is_proof()
    {
        clock.OnEnded(new VoiceSessionEnd(VoiceSessionEndKind.MediaPathLost, null, "") { SilentSince = time.GetTimestamp() });
        clock.Begin("dead", null);
        Told();
        clock.OnLive(Channel);
        Assert.Empty(Told());
        clock.OnMediaHeard(Channel, isLive: false);
        Assert.Empty(Told());
        clock.OnLive(Channel);
        Assert.Single(Told());
        clock.OnEnded(new VoiceSessionEnd(VoiceSessionEndKind.Closed, 4006, ""));
        clock.Begin("closed", null);
        Told();
        clock.OnMediaHeard(Channel, isLive: true);
        Assert.Single(Told());
    }

    [Fact]
    public void Echoes_are_expected_once_there_were_some_until_the_call_begins_again()
    {
        Assert.False(clock.ExpectsEchoes);
        clock.OnEnded(new VoiceSessionEnd(VoiceSessionEndKind.Closed, null, "") { HasEchoed = true });
        clock.OnEnded(new VoiceSessionEnd(VoiceSessionEndKind.MediaPathLost, null, "") { SilentSince = 1 });
        Assert.True(clock.ExpectsEchoes);
        clock.Begin("lost", null);
        Told();
        clock.Forget();
        Assert.False(clock.ExpectsEchoes);
        clock.OnLive(Channel);
        Assert.Empty(Told()); // nothing was lost in this call
        clock.Begin("lost", null);
        Told();
        clock.OnLive(Channel); // and nothing is awaited
        Assert.Single(Told());
    }

    private List<VoiceCallEvent> Told()
    {
        List<VoiceCallEvent> told = [];
        while (events.Reader.TryRead(out VoiceCallEvent? one)) told.Add(one);
        return told;
    }
}
