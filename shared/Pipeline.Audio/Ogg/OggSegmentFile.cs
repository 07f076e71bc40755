using Microsoft.Win32.SafeHandles;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>An Ogg Opus file that <see cref="OggSegmentWriter"/> wrote, seen from outside.</summary>
public static class OggSegmentFile
{
    private const int MostLosses = 32;

    /// <summary>
    /// Makes a file that a crash cut off whole: cuts it behind the last page with a right checksum and says there that the stream ends.
    /// A whole file stays as it is.
    /// </summary>
    /// <returns>Samples per channel; 0 when there is no audio in it.</returns>
    /// <exception cref="IOException">The file is missing, locked or on a broken disk.</exception>
    public static long Repair(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        (int end, int last, long granule, bool isEnded, int preSkip) = (0, -1, 0, false, 0);
        while (!isEnded && OggPage.TryParse(file.AsSpan(end), out OggPage page))
        {
            if (end == 0)
            {
                if (!TryParse(page, out OpusHead head)) return 0;
                preSkip = head.PreSkip;
            }
            else if (page.SequenceNumber >= OggOpusHeader.Pages)
            {
                (last, granule, isEnded) = (end, page.GranulePosition, page.IsLast);
            }
            end += page.Bytes.Length;
        }
        long samples = last < 0 ? 0 : Math.Max(0, granule - preSkip);
        if (samples == 0 || (isEnded && end == file.Length)) return samples;
        using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        if (end != file.Length) RandomAccess.SetLength(handle, end);
        if (!isEnded) EndWith(handle, last, end);
        return samples;
    }

    /// <summary>What a whole file holds.</summary>
    /// <exception cref="InvalidDataException">Not a whole Ogg Opus file; says where.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static OggSegmentInfo Inspect(string path) => Inspect(File.ReadAllBytes(path), path);

    /// <inheritdoc cref="Inspect(string)"/>
    /// <param name="file">The whole file.</param>
    /// <param name="name">For the message.</param>
    public static OggSegmentInfo Inspect(ReadOnlySpan<byte> file, string name)
    {
        try
        {
            OggSegmentReader reader = new(file);
            List<OpusLoss> losses = [];
            long at = -reader.Head.PreSkip;
            for (; reader.TryRead(out ReadOnlySpan<byte> packet, out int samples); at += samples)
            {
                if (at >= 0 && OpusFiller.IsLoss(packet)) Note(losses, at, samples);
            }
            return new OggSegmentInfo(reader.Head.Channels, reader.Head.PreSkip, Math.Max(0, at - reader.EndTrim), losses);
        }
        catch (InvalidDataException broken)
        {
            throw new InvalidDataException($"{name}: {broken.Message}", broken);
        }
    }

    /// <summary>Says of a page that it is the stream's last.</summary>
    internal static void EndWith(SafeFileHandle file, long pageAt, long end)
    {
        byte[] page = new byte[end - pageAt];
        RandomAccess.Read(file, page, pageAt);
        OggPageWriter.SetFlags(page, OggPageWriter.Last);
        RandomAccess.Write(file, page, pageAt);
    }

    private static void Note(List<OpusLoss> losses, long at, int samples)
    {
        if (losses.Count > 0 && losses[^1] is { } last && last.Start + last.Samples == at)
            losses[^1] = last with { Samples = last.Samples + samples };
        else if (losses.Count < MostLosses) losses.Add(new OpusLoss(at, samples));
    }

    private static bool TryParse(OggPage page, out OpusHead head)
    {
        head = default;
        if (!page.IsFirst || !page.Body.StartsWith("OpusHead"u8)) return false;
        try
        {
            head = OpusHead.Parse(page.Body, 0);
            return head.Layout is null; // a segment has none
        }
        catch (OggFormatException)
        {
            return false;
        }
    }
}

/// <summary>What an Ogg Opus file says of itself.</summary>
/// <param name="PreSkip">Samples that are repeated from before it.</param>
/// <param name="SampleCount">Per channel, 48 kHz, without what is skipped and trimmed.</param>
/// <param name="Losses">Where packets did not come, in order; the first 32 stretches.</param>
public sealed record OggSegmentInfo(int Channels, int PreSkip, long SampleCount, IReadOnlyList<OpusLoss> Losses);

/// <summary>Time of which no packet came, in samples since the first of the file.</summary>
public readonly record struct OpusLoss(long Start, long Samples);
