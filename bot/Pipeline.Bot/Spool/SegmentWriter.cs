using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// One open segment: its file and its sidecar. Closing renames the file, and that rename is the commit.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    // A crash leaves the start that the sidecar says; 10 ms is half of what the timeline may be off.
    private const long SidecarTolerance = SampleClock.SamplesPerSecond / 100;

    private readonly string folder;
    private readonly ISegmentAudio audio;
    private readonly int channels;
    private SegmentSidecar written;
    private bool isAudioClosed;

    private SegmentWriter(string folder, SegmentSidecar sidecar, ISegmentAudio audio)
    {
        (this.folder, written, this.audio) = (folder, sidecar, audio);
        (StartSample, channels) = (sidecar.StartSample, sidecar.Channels);
    }

    /// <summary>Position of the first sample; may be moved until the segment is closed.</summary>
    public long StartSample { get; set; }

    public long SampleCount => audio.SampleCount;

    /// <summary>Samples per channel that are with the operating system.</summary>
    public long FlushedSampleCount => audio.FlushedSampleCount;

    /// <summary>Bytes of the file, those in a buffer included.</summary>
    public long FileSize => audio.FileSize;

    public int Index => written.Index;

    private string OpenPath => SpoolFiles.OpenPath(folder, Index, audio.Format);
    private string ClosedPath => SpoolFiles.ClosedPath(folder, Index, audio.Format);
    private string SidecarPath => SidecarPathOf(folder, Index);

    /// <param name="folder">The user's folder in the spool; exists.</param>
    /// <param name="audio">Belongs to the segment until it is closed.</param>
    /// <param name="continues">Talk goes on from the segment before.</param>
    /// <exception cref="IOException">No space, or a broken disk; nothing is left behind.</exception>
    public static SegmentWriter Open(string folder, SegmentSidecar sidecar, ISegmentAudio audio, bool continues)
    {
        string sidecarPath = SidecarPathOf(folder, sidecar.Index);
        SpoolFiles.WriteSidecar(sidecarPath, sidecar);
        try
        {
            audio.Open(SpoolFiles.OpenPath(folder, sidecar.Index, audio.Format), sidecar, continues);
            return new SegmentWriter(folder, sidecar, audio);
        }
        catch (Exception)
        {
            File.Delete(sidecarPath);
            throw;
        }
    }

    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public void Write(in FrameAudio frame) => audio.Write(in frame);

    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public void WriteSilence(long samples) => audio.WriteSilence(samples);

    /// <summary>Writes the sidecar again when the start has moved by more than 10 ms.</summary>
    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public void RefreshSidecar()
    {
        if (Math.Abs(StartSample - written.StartSample) > SidecarTolerance) WriteSidecar(written.Username);
    }

    /// <exception cref="IOException">No space, or a broken disk; <see cref="Salvage"/> keeps what is on it.</exception>
    public ClosedSegment Close(string username)
    {
        audio.Finish(written with { StartSample = StartSample });
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
        if (!isAudioClosed) audio.Truncate();
        return Commit(written.Username);
    }

    /// <summary>Deletes the segment.</summary>
    /// <exception cref="IOException">A broken disk.</exception>
    public void Discard()
    {
        audio.Close();
        audio.ReleaseBuffer();
        File.Delete(OpenPath);
        File.Delete(SidecarPath);
    }

    /// <summary>After the disk has refused to close or delete it: gives the file up as it is, to be tried again later.</summary>
    public StrandedSegment Strand()
    {
        audio.Close();
        return new StrandedSegment(folder, written with { StartSample = StartSample }, audio.Format);
    }

    /// <summary>Closes the file as it is; it stays for <see cref="SpoolRepair"/>.</summary>
    public void Dispose() => audio.Close();

    private static string SidecarPathOf(string folder, int index) =>
        Path.Combine(folder, SpoolFiles.Name(index) + SpoolFiles.SidecarSuffix);

    private ClosedSegment Commit(string username)
    {
        ClosedSegment closed = new(written.Key, username, ClosedPath, SidecarPath, StartSample, SampleCount, channels, audio.FileSize);
        audio.Close();
        isAudioClosed = true;
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
