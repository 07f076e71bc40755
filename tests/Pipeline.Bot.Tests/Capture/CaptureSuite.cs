using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>Rules of capturing that hold in every format of segments: each suite runs once for each.</summary>
public abstract class CaptureSuite(SegmentFormat format)
{
    protected SegmentFormat Format => format;

    protected bool IsOpus => format == SegmentFormat.Opus;

    private protected CaptureRun Run(CaptureOptions? options = null, IReadOnlyDictionary<ulong, int>? firstIndexes = null,
        IReadOnlyList<ulong>? optedOut = null) =>
        new((options ?? new CaptureOptions { Channels = 1 }) with { Format = format }, firstIndexes, optedOut);
}
