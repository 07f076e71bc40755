using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Recordings;

/// <summary>What an owner is told of the bot itself. Made at the start, which its time counts from.</summary>
internal sealed class BotStatus(SegmentSpool spool, ActiveRecordings recordings, TimeProvider time)
{
    private readonly long began = time.GetTimestamp();

    public BotFigures Read()
    {
        SpoolSnapshot waiting = spool.Snapshot; // a second old at most
        return new BotFigures(
            typeof(BotStatus).Assembly.GetName().Version?.ToString(3) ?? "?",
            time.GetElapsedTime(began),
            recordings.Running.Count,
            waiting,
            // The recording whose audio waits longest for its confirmation.
            recordings.Running.Select(running => Math.Max(0, running.Recording.SampleCount - running.Upload.Safe.Sample))
                .DefaultIfEmpty(0).Max());
    }
}

/// <summary>The figures of one moment.</summary>
/// <param name="Recordings">Calls that are recorded now, in all servers.</param>
/// <param name="LagSamples">How far the safe position of any of them is behind, at 48 kHz.</param>
internal sealed record BotFigures(string Version, TimeSpan Up, int Recordings, SpoolSnapshot Spool, long LagSamples);
