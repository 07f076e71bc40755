using System.Globalization;
using Pipeline.Audio.Ogg;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>Segments as Ogg Opus files of the packets as they came.</summary>
internal sealed class OpusAudio : ISegmentAudio
{
    private OggSegmentWriter? writer;

    public SegmentFormat Format => SegmentFormat.Opus;
    public long SampleCount => writer!.SampleCount;
    public long FlushedSampleCount => writer!.FlushedSampleCount;
    public long FileSize => writer!.FileSize;
    public long Lag => writer?.Lag ?? 0;

    public void Open(string path, SegmentSidecar sidecar, bool continues)
    {
        writer ??= new OggSegmentWriter();
        writer.Open(path, Header(sidecar), continues);
    }

    public void Write(in FrameAudio frame)
    {
        if (frame.Packet.IsEmpty) writer!.WriteLoss(frame.Samples);
        else writer!.Write(frame.Packet, frame.Samples);
    }

    public void WriteSilence(long samples) => writer!.WriteSilence(samples);

    public void Finish(SegmentSidecar sidecar) => writer!.Finish(Header(sidecar));

    public void Truncate() => writer!.Truncate();

    public void Close() => writer?.Dispose();

    public void ReleaseBuffer()
    {
        writer?.Dispose();
        writer = null;
    }

    public void Dispose() => Close();

    // The start has a fixed width: it is put right when the segment closes.
    private static OggOpusHeader Header(SegmentSidecar sidecar)
    {
        string index = sidecar.Index.ToString(CultureInfo.InvariantCulture);
        uint serialNumber = (uint)(sidecar.UserId ^ (sidecar.UserId >> 32)) ^ (uint)sidecar.Index;
        return new OggOpusHeader(serialNumber, sidecar.Channels,
        [
            new("ARTIST", sidecar.Username),
            new("DATE", sidecar.Session.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
            new("RECORDING_ID", sidecar.Session.RecordingId.ToString()),
            new("USER_ID", sidecar.UserId.ToString(CultureInfo.InvariantCulture)),
            new("SEGMENT_INDEX", index),
            new("START_SAMPLE", sidecar.StartSample.ToString("D12", CultureInfo.InvariantCulture)),
        ]);
    }
}
