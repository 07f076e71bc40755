using System.Diagnostics;
using Pipeline.Discord.Media;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator.Speakers;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>An error of ours on the media thread.</summary>
public sealed class MediaFailureTests
{
    /// <summary>What broke the thread breaks the giving out of what waits as well.</summary>
    [Fact]
    public async Task Media_thread_that_fails_and_cannot_give_out_what_waits_is_told_and_the_call_comes_back()
    {
        BreakableClock clock = new();
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(time: clock);
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => rig.Received.Count > 10, "audio");

        clock.IsBroken = true;
        await rig.WaitForAsync<VoiceCallEvent.Reconnecting>(lost => lost.Reason.Contains("failed", StringComparison.Ordinal));
        clock.IsBroken = false;
        await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
        int before = rig.Received.Count;
        await ada.SayAsync(OpusClip.Generate(2, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => rig.Received.Count > before + 10, "audio again");
        await rig.Call.LeaveAsync(TestContext.Current.CancellationToken);
        Assert.Equal(VoiceEndReason.Requested, rig.Call.EndReason);
    }

    /// <summary>The media thread's end of a session alone: what the control loop does by itself goes on.</summary>
    private sealed class BreakableClock : TimeProvider
    {
        private volatile bool isBroken;

        public bool IsBroken { set => isBroken = value; }

        public override long GetTimestamp()
        {
            if (isBroken && new StackTrace().GetFrames().Any(frame => frame.GetMethod()?.DeclaringType == typeof(MediaThread)))
                throw new InvalidOperationException("an error of ours");
            return base.GetTimestamp();
        }
    }
}
