using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// A finished file in the spool with all that is known about it. Positions and counts are samples per channel at 48 kHz.
/// </summary>
/// <param name="StartSample">Of the first sample, since the start of the recording.</param>
/// <param name="FileSize">Bytes of the file.</param>
internal sealed record ClosedSegment(
    SegmentKey Key,
    string Username,
    string AudioPath,
    string SidecarPath,
    long StartSample,
    long SampleCount,
    int Channels,
    long FileSize);
