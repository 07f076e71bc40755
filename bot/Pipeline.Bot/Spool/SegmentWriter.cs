using Pipeline.Audio.Wav;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// One open segment: its WAV file and its sidecar. Closing renames the file, and that rename is the commit.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    /// <summary>170 ms of stereo: what a kill can take beside the frames under way.</summary>
    public const int BufferSize = 32 * 1024;

    // A crash leaves the start that the sidecar says; 10 ms is half of what the timeline may be off.
    private const long SidecarTolerance = SampleClock.SamplesPerSecond / 100;

    private readonly string folder;
    private readonly WavWriter wav;
    private readonly int channels;
    private SegmentSidecar written;
    private bool isWavClosed;

    private SegmentWriter(string folder, SegmentSidecar sidecar, WavWriter wav)
    {
        (this.folder, written, this.wav) = (folder, sidecar, wav);
        (StartSample, channels) = (sidecar.StartSample, sidecar.Channels);
    }

    /// <summary>Position of the first sample; may be moved until the segment is closed.</summary>
    public long StartSample { get; set; }

    public long SampleCount => wav.SampleCount;

    /// <summary>Samples per channel that are with the operating system.</summary>
    public long FlushedSampleCount => wav.FlushedSampleCount;

    public int Index => written.Index;

    private string OpenPath => Path.Combine(folder, SpoolFiles.Name(Index) + SpoolFiles.OpenSuffix);
    private string ClosedPath => Path.Combine(folder, SpoolFiles.Name(Index) + SpoolFiles.ClosedSuffix);
    private string SidecarPath => SidecarPathOf(folder, Index);

    /// <param name="folder">The user's folder in the spool; exists.</param>
    /// <param name="buffer"><see cref="BufferSize"/> bytes that belong to the segment until it is closed.</param>
    /// <exception cref="IOException">No space, or a broken disk; nothing is left behind.</exception>
    public static SegmentWriter Open(string folder, SegmentSidecar sidecar, byte[] buffer)
    {
        string sidecarPath = SidecarPathOf(folder, sidecar.Index);
        string openPath = Path.Combine(folder, SpoolFiles.Name(sidecar.Index) + SpoolFiles.OpenSuffix);
        SpoolFiles.WriteSidecar(sidecarPath, sidecar);
        try
        {
            WavFormat format = new(sidecar.Channels, SampleClock.SamplesPerSecond);
            return new SegmentWriter(folder, sidecar, new WavWriter(openPath, format, buffer));
        }
        catch (Exception)
        {
            File.Delete(sidecarPath);
            throw;
        }
    }

    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public void Write(ReadOnlySpan<short> pcm) => wav.Write(pcm);

    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public void WriteSilence(long samples) => wav.WriteSilence(samples);

    /// <summary>Writes the sidecar again when the start has moved by more than 10 ms.</summary>
    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public void RefreshSidecar()
    {
        if (Math.Abs(StartSample - written.StartSample) > SidecarTolerance) WriteSidecar(written.Username);
    }

    /// <exception cref="IOException">No space, or a broken disk; <see cref="Salvage"/> keeps what is on it.</exception>
    public ClosedSegment Close(string username)
    {
        wav.PatchHeader();
        return Commit(username);
    }

    /// <summary>After a failed write: keeps what the disk has.</summary>
    /// <returns>Null when there was nothing on the disk; the files are gone then and the index is free again.</returns>
    /// <exception cref="IOException">A broken disk; the files stay for <see cref="SpoolRepair"/>.</exception>
    public ClosedSegment? Salvage()
    {
        if (FlushedSampleCount == 0)
        {
            Discard();
            return null;
        }
        if (!isWavClosed) wav.Truncate();
        return Commit(written.Username);
    }

    /// <summary>Deletes the segment.</summary>
    /// <exception cref="IOException">A broken disk.</exception>
    public void Discard()
    {
        wav.Dispose();
        File.Delete(OpenPath);
        File.Delete(SidecarPath);
    }

    /// <summary>Closes the file as it is; it stays for <see cref="SpoolRepair"/>.</summary>
    public void Dispose() => wav.Dispose();

    private static string SidecarPathOf(string folder, int index) =>
        Path.Combine(folder, SpoolFiles.Name(index) + SpoolFiles.SidecarSuffix);

    private ClosedSegment Commit(string username)
    {
        ClosedSegment closed = new(written.Key, username, ClosedPath, SidecarPath, StartSample, SampleCount, channels, wav.FileSize);
        wav.Dispose();
        isWavClosed = true;
        TryWriteSidecar(username);
        File.Move(OpenPath, ClosedPath, overwrite: true);
        return closed;
    }

    // On a full disk the sidecar on it stays as it is: a start that is off by at most 10 ms is worth more than no segment.
    private void TryWriteSidecar(string username)
    {
        if (StartSample == written.StartSample && username == written.Username) return;
        try
        {
            WriteSidecar(username);
        }
        catch (IOException)
        {
            File.Delete(SidecarPath + SpoolFiles.TemporarySuffix);
        }
    }

    private void WriteSidecar(string username)
    {
        SegmentSidecar next = written with { StartSample = StartSample, Username = username };
        SpoolFiles.WriteSidecar(SidecarPath, next);
        written = next;
    }
}
