using Pipeline.Audio.Wav;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>Segments as WAV files.</summary>
internal sealed class WavAudio : ISegmentAudio
{
    /// <summary>170 ms of stereo: what a kill can take beside the frames under way.</summary>
    public const int BufferSize = 32 * 1024;

    private byte[]? buffer;
    private WavWriter? wav;

    public SegmentFormat Format => SegmentFormat.Wav;
    public long SampleCount => wav!.SampleCount;
    public long FlushedSampleCount => wav!.FlushedSampleCount;
    public long FileSize => wav!.FileSize;
    public long Lag => 0;

    public void Open(string path, SegmentSidecar sidecar, bool continues)
    {
        buffer ??= new byte[BufferSize];
        wav = new WavWriter(path, new WavFormat(sidecar.Channels, SampleClock.SamplesPerSecond), buffer);
    }

    public void Write(in FrameAudio frame) => wav!.Write(frame.Pcm);

    public void WriteSilence(long samples) => wav!.WriteSilence(samples);

    public void Finish(SegmentSidecar sidecar) => wav!.PatchHeader();

    public void Truncate() => wav!.Truncate();

    public void Close() => wav?.Dispose();

    public void ReleaseBuffer() => buffer = null;

    public void Dispose() => Close();
}
