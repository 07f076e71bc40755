using System.Net;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Voice.Session;

/// <summary>What is logged of a session's media: where it goes, and at most one line per reason and 10 s for what was dropped.</summary>
internal sealed class MediaReport(TimeProvider time, ILogger logger, ulong guildId)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly DropReason[] Reasons = [.. Enum.GetValues<DropReason>().Where(reason => reason != DropReason.None)];

    private readonly long[] reported = new long[Reasons.Length];
    private long reportedAt = time.GetTimestamp();
    private long reportedKernelDrops;
    private long reportedRingDrops;

    public void Opened(IPEndPoint server, uint ssrc, string mode, int receiveBuffer) =>
        VoiceLog.MediaOpened(logger, guildId, server, ssrc, mode, receiveBuffer);

    public void LogIfDue(MediaCounters counters, long kernelDrops, long ringDrops)
    {
        if (time.GetElapsedTime(reportedAt) < Interval) return;
        reportedAt = time.GetTimestamp();
        for (int i = 0; i < Reasons.Length; i++)
        {
            long count = counters.Read(Reasons[i]);
            long more = count - reported[i];
            LogLevel level = LevelOf(Reasons[i]);
            if (more > 0) VoiceLog.Dropped(logger, level, guildId, Reasons[i], more, count);
            reported[i] = count;
        }
        long moreKernelDrops = kernelDrops - reportedKernelDrops;
        long moreRingDrops = ringDrops - reportedRingDrops;
        if (moreKernelDrops > 0) VoiceLog.KernelDropped(logger, guildId, moreKernelDrops);
        if (moreRingDrops > 0) VoiceLog.RingDropped(logger, guildId, moreRingDrops);
        reportedKernelDrops = kernelDrops;
        reportedRingDrops = ringDrops;
    }

    // What every call brings is not worth a line; what costs audio is.
    private static LogLevel LevelOf(DropReason reason) => reason switch
    {
        DropReason.Discovery or DropReason.KeepaliveEcho or DropReason.Rtcp or DropReason.OtherPayload or DropReason.OwnSsrc =>
            LogLevel.Trace,
        DropReason.RingFull or DropReason.UnknownSsrc or DropReason.StraySource or DropReason.NotAuthentic or DropReason.Refused =>
            LogLevel.Warning,
        _ => LogLevel.Debug,
    };
}
