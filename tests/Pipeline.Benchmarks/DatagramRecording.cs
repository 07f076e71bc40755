using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Benchmarks;

/// <summary>A recording with the product's defaults in a folder of its own.</summary>
internal static class DatagramRecording
{
    public static Recording Start(string folder, TimeProvider time, CaptureOptions? options = null)
    {
        SessionInfo session = new()
        {
            RecordingId = RecordingId.New(time),
            GuildId = 1,
            GuildName = "Benchmark",
            ChannelId = 2,
            StartedBy = 3,
            StartedAt = time.GetUtcNow(),
        };
        return new Recording(session, options ?? new CaptureOptions(), Path.Combine(folder, session.RecordingId.ToString()), time,
            time.GetTimestamp(), new Dictionary<ulong, int>(), new Consent([]));
    }
}
