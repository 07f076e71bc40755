using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Calls;

/// <summary>What a recording says of itself at a second, for those who only look at it.</summary>
internal static class Snapshots
{
    public static RecordingSnapshot At(int second, TrackSnapshot[] tracks, bool paused = false) => new()
    {
        SampleCount = second * (long)SampleClock.SamplesPerSecond,
        Tracks = [.. tracks],
        Gaps = [],
        UnlistedGaps = 0,
        Notes = [],
        Paused = paused,
        SpoolProblem = null,
        RingDropped = 0,
    };

    public static TrackSnapshot Track(ulong user, long received, long lost = 0, long undecryptable = 0, bool speaking = false) =>
        TrackSnapshot.OfNothing(user, new KnownPerson($"{user}", IsBot: false)) with
        {
            Speaking = speaking,
            Health = new TrackHealth { Received = received, Lost = lost, Undecryptable = undecryptable },
        };
}
