using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// The audio of one track's open segment in one format: one file at a time, its buffers kept from one to the next.
/// </summary>
internal interface ISegmentAudio : IDisposable
{
    SegmentFormat Format { get; }

    /// <summary>Samples per channel so far, those in a buffer included.</summary>
    long SampleCount { get; }

    /// <summary>Samples per channel that are with the operating system.</summary>
    long FlushedSampleCount { get; }

    /// <summary>Bytes of the file, those in a buffer included.</summary>
    long FileSize { get; }

    /// <summary>Samples by which what is heard in the file lies off its place; 0 where samples can be put in and taken out.</summary>
    long Lag { get; }

    /// <summary>Begins a file.</summary>
    /// <param name="path">Created; an existing file is emptied.</param>
    /// <param name="continues">Talk goes on from the file before.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    void Open(string path, SegmentSidecar sidecar, bool continues);

    /// <exception cref="IOException">No space, or a broken disk.</exception>
    void Write(in FrameAudio frame);

    /// <exception cref="IOException">No space, or a broken disk.</exception>
    void WriteSilence(long samples);

    /// <summary>Everything goes to the operating system, and the file is whole.</summary>
    /// <exception cref="IOException">No space, or a broken disk.</exception>
    void Finish(SegmentSidecar sidecar);

    /// <summary>Gives up what is in a buffer and makes a whole file of what the operating system has.</summary>
    /// <exception cref="IOException">A broken disk.</exception>
    void Truncate();

    /// <summary>Closes the file as it is. What it held can still be asked for.</summary>
    void Close();

    /// <summary>Nothing of what was said is kept; to be called with no file open.</summary>
    void ReleaseBuffer();
}

/// <summary>One frame on its way into a file: samples, a packet as it came, or the time of one that did not come.</summary>
internal readonly ref struct FrameAudio
{
    private FrameAudio(ReadOnlySpan<short> pcm, ReadOnlySpan<byte> packet, int samples)
    {
        Pcm = pcm;
        Packet = packet;
        Samples = samples;
    }

    /// <summary><c>[samples, channels]</c>; empty for a packet.</summary>
    public ReadOnlySpan<short> Pcm { get; }

    /// <summary>Well-formed Opus; empty for samples and where none came.</summary>
    public ReadOnlySpan<byte> Packet { get; }

    /// <summary>Samples per channel for which it stands.</summary>
    public int Samples { get; }

    /// <summary>Can be divided between two files.</summary>
    public bool IsDivisible => !Pcm.IsEmpty;

    public static FrameAudio OfPcm(ReadOnlySpan<short> pcm, int samples) => new(pcm, default, samples);

    public static FrameAudio OfPacket(ReadOnlySpan<byte> packet, int samples) => new(default, packet, samples);

    /// <summary>To be made up by what plays it.</summary>
    public static FrameAudio OfLoss(int samples) => new(default, default, samples);

    /// <summary>The first samples of a divisible frame.</summary>
    public FrameAudio Take(int samples) => samples == Samples ? this : OfPcm(Pcm[..(samples * Pcm.Length / Samples)], samples);

    /// <summary>What <see cref="Take"/> left.</summary>
    public FrameAudio Skip(int samples) =>
        samples == Samples ? default : OfPcm(Pcm[(samples * Pcm.Length / Samples)..], Samples - samples);
}
