using Pipeline.Bot.Calls;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Storage;

namespace Pipeline.Bot.Tests.Hosting;

/// <summary>Figures that others rely on: Discord, who reads the documents, a bot that stands by.</summary>
public sealed class LimitsTests
{
    [Fact]
    public void Waiting_times_are_those_that_are_documented()
    {
        Assert.Equal((60, 15_000), (ActiveRecording.TickInterval.TotalMilliseconds, ManifestBeat.Interval.TotalMilliseconds));
        Assert.Equal((60, 20), (TempStorage.LeaseDuration.TotalSeconds, WarmStandby.Interval.TotalSeconds));
        Assert.Equal((5, 60), (PanelPublisher.ShortestInterval.TotalSeconds, PanelPublisher.IntervalWhenOld.TotalSeconds));
        Assert.Equal((3, 15), (InteractionAnswer.FirstAnswerLimit.TotalSeconds, InteractionAnswer.TokenLifetime.TotalMinutes));
        Assert.Equal(1, GuildSettingsStore.HeedInterval.TotalMinutes);
        Assert.Equal((30, 2, 15), (CallTakeover.LongestAbsence.TotalMinutes, RecordingOpening.PatienceBetweenParts.TotalSeconds,
            GuildSettingsStore.AskInterval.TotalSeconds));
    }

    [Fact]
    public void Lists_are_as_long_as_it_is_documented() => Assert.Equal((10, 64, 1_000_000, 512, 67_108_864),
        (RecordingPanel.EventsShown, ReservedIndexes.Ahead, ReservedIndexes.Leftovers, SerialQueue.Capacity,
            RecordingApiHttp.LongestAnswer));
}
