using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Writes Ogg Opus files (RFC 7845) from packets as they came, one file after the other. Pages are 200 ms; a file that a crash cut off is
/// put right by <see cref="OggSegmentFile.Repair"/>. Every call says for how many samples of the recording's clock it stands: what the
/// packets hold less or more is made up in the next silence, and exactly at the end. Allocates nothing between opening and closing.
/// </summary>
public sealed class OggSegmentWriter : IDisposable
{
    /// <summary>Samples of a page: what a kill can take.</summary>
    public const int PageSamples = 9600;

    private const int FrameSamples = 960;
    private const int MostMadeUp = 5; // frames in one packet
    private const byte Continuous = 0;

    private readonly OggPageWriter pages = new(0);
    private readonly ArrayBufferWriter<byte> output = new(4096);
    private readonly OpusPreRoll preRoll = new();
    private readonly byte[] filler = new byte[OpusFiller.LongestPacket];
    private SafeFileHandle? file;
    private long length; // bytes that are with the operating system
    private long lastPageAt; // where the last of them begins, or -1
    private uint pageNumber;
    private int headerLength;
    private int preSkip;
    private long written; // samples of all packets, pre-roll included
    private int pageSamples; // of the page that waits
    private long owed; // samples that were announced and not written; negative: more were written
    private byte toc; // of the last packet
    private bool isSilent; // the last packet

    /// <summary>Samples per channel so far by the recording's clock.</summary>
    public long SampleCount { get; private set; }

    /// <summary>Samples per channel that are with the operating system and survive the end of this process.</summary>
    public long FlushedSampleCount { get; private set; }

    /// <summary>Bytes of the file, those of the page that waits included.</summary>
    public long FileSize => length + output.WrittenCount + pages.Length;

    /// <summary>Samples by which the packets in the file lie before their place by the recording's clock; negative: behind it.</summary>
    public long Lag => owed;

    /// <summary>Begins a file.</summary>
    /// <param name="path">Created; an existing file is emptied.</param>
    /// <param name="continues">Talk goes on from the file before: its last packets are repeated and skipped.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public void Open(string path, OggOpusHeader header, bool continues)
    {
        file?.Dispose();
        file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        pages.Clear();
        output.ResetWrittenCount();
        (length, lastPageAt, pageNumber, written, pageSamples, owed) = (0, -1, 0, 0, 0, 0);
        (SampleCount, FlushedSampleCount, toc, isSilent, preSkip) = (0, 0, OpusPacket.SilenceMarker[0], true, 0);
        pages.SerialNumber = header.SerialNumber;
        if (!continues) preRoll.Clear();
        foreach (ReadOnlySpan<byte> packet in preRoll) preSkip += Duration(packet);
        header.Write(pages, preSkip, output);
        headerLength = output.WrittenCount;
        pageNumber = OggOpusHeader.Pages;
        foreach (ReadOnlySpan<byte> packet in preRoll) Append(packet, Duration(packet));
    }

    /// <summary>A packet as it came.</summary>
    /// <param name="packet">Well formed (<see cref="OpusPacket.IsWellFormed"/>).</param>
    /// <param name="samples">What it stands for by the recording's clock.</param>
    /// <exception cref="IOException">No space, or a broken disk; <see cref="Truncate"/> keeps what is on it.</exception>
    public void Write(ReadOnlySpan<byte> packet, int samples)
    {
        int held = Duration(packet);
        bool isOff = Math.Abs(owed + samples - held) >= OpusPacket.ShortestFrame;
        if (isOff && OpusPacket.IsSilent(packet))
        {
            WriteSilence(samples); // longer or shorter: here nobody hears it
            return;
        }
        Account(samples);
        Add(packet, held);
    }

    /// <summary>Time of which no packet came, for the player to make up.</summary>
    /// <exception cref="IOException">As with <see cref="Write"/>.</exception>
    public void WriteLoss(long samples)
    {
        Account(samples);
        MakeUp();
    }

    /// <summary>Time in which nothing was said.</summary>
    /// <exception cref="IOException">As with <see cref="Write"/>.</exception>
    public void WriteSilence(long samples)
    {
        Account(samples);
        while (owed >= FrameSamples) Add(OpusPacket.SilenceMarker, FrameSamples);
        int frames = (int)owed / OpusPacket.ShortestFrame;
        if (frames > 0) Add(filler.AsSpan(0, OpusFiller.WriteShortSilence(filler, frames)), frames * OpusPacket.ShortestFrame);
    }

    /// <summary>Makes the file whole: the end of the stream lies at the last sample of the recording's clock.</summary>
    /// <param name="header">Takes the place of the one at the beginning, where it is as long.</param>
    /// <exception cref="IOException">As with <see cref="Write"/>.</exception>
    public void Finish(OggOpusHeader header)
    {
        bool isEmpty = written == preSkip;
        if (owed > 0 || isEmpty)
        {
            owed += OpusPacket.ShortestFrame - (owed > 0 ? 1 : 0); // what is over is trimmed
            if (isSilent || isEmpty) WriteSilence(0);
            else MakeUp();
        }
        FlushPage(OggPageWriter.Last, preSkip + SampleCount);
        FlushedSampleCount = SampleCount;
        header.Write(pages, preSkip, output);
        if (output.WrittenCount == headerLength) RandomAccess.Write(file!, output.WrittenSpan, 0);
        output.ResetWrittenCount();
    }

    /// <summary>Gives up what waits and makes a whole file of what the operating system has; there is an audio page in it.</summary>
    /// <exception cref="IOException">A broken disk.</exception>
    public void Truncate()
    {
        pages.Clear();
        output.ResetWrittenCount();
        RandomAccess.SetLength(file!, length);
        OggSegmentFile.EndWith(file!, lastPageAt, length);
        SampleCount = FlushedSampleCount;
    }

    /// <summary>Forgets what was said last: the next file begins without it, whatever it is told.</summary>
    public void Forget() => preRoll.Clear();

    /// <summary>Closes the file as it is; another may be opened.</summary>
    public void Dispose()
    {
        file?.Dispose();
        file = null;
    }

    private static int Duration(ReadOnlySpan<byte> packet) => OpusPacket.TryGetDuration(packet, out int samples) ? samples
        : throw new ArgumentException("no Opus packet", nameof(packet));

    private void Account(long samples)
    {
        SampleCount += samples;
        owed += samples;
    }

    /// <summary>Frames of no bytes for what is owed, in the length that the sender has, the rest in the shortest.</summary>
    private void MakeUp()
    {
        int frame = OpusPacket.FrameSamples(toc);
        int most = Math.Min(MostMadeUp, OpusPacket.MaximumSamples / frame);
        byte kind = toc;
        while (owed >= frame)
        {
            int frames = (int)Math.Min(most, owed / frame);
            Add(filler.AsSpan(0, OpusFiller.WriteLoss(filler, kind, frames)), frames * frame);
        }
        int left = (int)owed / OpusPacket.ShortestFrame;
        if (left > 0) Add(filler.AsSpan(0, OpusFiller.WriteShortLoss(filler, kind, left)), left * OpusPacket.ShortestFrame);
        toc = kind;
    }

    private void Add(ReadOnlySpan<byte> packet, int samples)
    {
        Append(packet, samples);
        preRoll.Add(packet, samples);
        owed -= samples;
        (toc, isSilent) = (packet[0], OpusPacket.IsSilent(packet) && !OpusFiller.IsLoss(packet));
    }

    // A page leaves when the next one begins, so that the last one can say that it is.
    private void Append(ReadOnlySpan<byte> packet, int samples)
    {
        if (pageSamples >= PageSamples) FlushPage(Continuous, written);
        if (!pages.TryAdd(packet))
        {
            FlushPage(Continuous, written);
            if (!pages.TryAdd(packet)) throw new ArgumentException($"{packet.Length} bytes: no packet of a datagram", nameof(packet));
        }
        written += samples;
        pageSamples += samples;
    }

    private void FlushPage(byte flags, long granulePosition)
    {
        int before = output.WrittenCount; // the head goes with the first page
        pages.Flush(flags, granulePosition, pageNumber, output);
        RandomAccess.Write(file!, output.WrittenSpan, length);
        lastPageAt = length + before;
        length += output.WrittenCount;
        output.ResetWrittenCount();
        FlushedSampleCount = Math.Max(0, granulePosition - preSkip);
        pageNumber++;
        pageSamples = 0;
    }
}
