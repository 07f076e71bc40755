using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Spool;

/// <summary>One recording and one speaker, for tests that look at single files of a spool.</summary>
internal static class SpoolSession
{
    public const ulong Ada = 7;

    public static SessionInfo Info { get; } = new()
    {
        RecordingId = RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"),
        GuildId = 1,
        GuildName = "Guild",
        ChannelId = 2,
        StartedBy = 3,
        StartedAt = DateTimeOffset.UnixEpoch,
    };

    public static SegmentSidecar Sidecar(int index = 0, long start = 48_000, int channels = 1) => new()
    {
        Session = Info,
        UserId = Ada,
        Username = "Ada",
        Index = index,
        StartSample = start,
        Channels = channels,
    };
}
