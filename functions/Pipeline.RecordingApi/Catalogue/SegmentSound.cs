using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>Where a finished segment lies and how long it is, in samples at 48 kHz, also where nobody told samples.</summary>
internal static class SegmentSound
{
    /// <summary>Samples from milliseconds, where nobody said them.</summary>
    public static long Samples(long milliseconds) => milliseconds * (SampleClock.SamplesPerSecond / 1000);

    /// <summary>Exact where the segment says so, else by its clock.</summary>
    public static long StartOf(RecordingSegment segment, DateTimeOffset recordedAt) =>
        segment.StartSample ?? Samples(segment.AbsoluteStartTime - recordedAt.ToUnixTimeMilliseconds());

    /// <summary>Samples per channel.</summary>
    public static long CountOf(RecordingSegment segment) => segment.SampleCount ?? Of(segment).Count;

    /// <summary>Samples per channel, and channels.</summary>
    public static (long Count, int Channels) Of(RecordingSegment segment)
    {
        long count = segment.SampleCount ?? Samples(segment.Duration);
        if (SegmentFormats.OfName(segment.BlobUrl) == SegmentFormat.Opus)
            return (count, segment.Channels is 1 ? 1 : 2);
        long values = Math.Max(0, segment.FileSize - WavFormat.HeaderSize) / WavFormat.BytesPerValue;
        // Two channels are twice as long. Who did not say the samples said milliseconds: the file's length decides.
        if (segment.SampleCount is not null || values == 0) return (count, 2 * values > 3 * count ? 2 : 1);
        bool isSaid = segment.Channels is 1 or 2 && Math.Abs((values / segment.Channels.Value) - count) <= Samples(1);
        int channels = isSaid ? segment.Channels!.Value : 2 * values > 3 * Math.Max(count, Samples(1)) ? 2 : 1;
        return (values / channels, channels);
    }
}
