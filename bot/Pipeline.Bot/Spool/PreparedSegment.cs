using System.Security.Cryptography;
using System.Text.Json;
using Pipeline.Audio.Ogg;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>A closed segment with its message: everything that the upload needs but the bytes, which stay on disk.</summary>
internal sealed record PreparedSegment(SpooledSegment File, SegmentReady Message)
{
    private const int HeaderBytes = 44; // RIFF/WAVE with one fmt and one data chunk
    private const int BytesPerSample = 2;

    /// <summary>Reads the sidecar and the file's MD5 in one streamed pass.</summary>
    /// <exception cref="InvalidDataException">The sidecar is missing or does not belong to the file, or the file is no whole
    /// segment.</exception>
    public static async Task<PreparedSegment> ReadAsync(SpooledSegment file, CancellationToken cancel)
    {
        SegmentSidecar sidecar = ReadSidecar(file);
        (long samples, IReadOnlyList<LostStretch>? lost) = Measure(file, sidecar.Channels);
        await using FileStream stream = Open(file.AudioPath);
        return new PreparedSegment(file, new SegmentReady
        {
            Session = sidecar.Session,
            UserId = sidecar.UserId,
            Username = sidecar.Username,
            SegmentIndex = sidecar.Index,
            BlobName = BlobPaths.Segment(file.Key, sidecar.Username, file.Format),
            FileSize = file.FileSize,
            ContentMd5 = Convert.ToBase64String(await HashAsync(stream, cancel)),
            StartSample = sidecar.StartSample,
            SampleCount = samples,
            Channels = sidecar.Channels,
            Lost = lost,
            ClosedAt = file.ClosedAt,
        });
    }

    /// <summary>
    /// What a closed segment is, without its bytes; null when it has left meanwhile or cannot be understood. Reads beside uploads.
    /// </summary>
    public static ClosedSegment? Describe(SpooledSegment file)
    {
        try
        {
            SegmentSidecar sidecar = ReadSidecar(file);
            (long samples, _) = Measure(file, sidecar.Channels);
            return new ClosedSegment(file.Key, sidecar.Username, file.AudioPath, file.SidecarPath, sidecar.StartSample, samples,
                sidecar.Channels, file.FileSize);
        }
        catch (Exception left) when (left is InvalidDataException or IOException)
        {
            return null;
        }
    }

    // An Opus file says itself how long it is and what is missing in it.
    private static (long Samples, IReadOnlyList<LostStretch>? Lost) Measure(SpooledSegment file, int channels)
    {
        if (file.Format == SegmentFormat.Opus)
        {
            OggSegmentInfo info = OggSegmentFile.Inspect(file.AudioPath);
            if (info.SampleCount == 0) throw new InvalidDataException($"{file.AudioPath} holds no audio");
            return (info.SampleCount, info.Losses.Count == 0 ? null
                : [.. info.Losses.Select(loss => new LostStretch(loss.Start, loss.Samples))]);
        }
        long dataBytes = file.FileSize - HeaderBytes;
        int frameBytes = BytesPerSample * channels;
        if (dataBytes <= 0 || dataBytes % frameBytes != 0)
            throw new InvalidDataException($"{file.FileSize} bytes are no WAV file of {channels} channels");
        return (dataBytes / frameBytes, null);
    }

    public FileStream OpenFile() => Open(File.AudioPath);

    // No buffer of its own: readers bring theirs.
    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);

    // RFC 1321, as Content-MD5 wants it: it finds broken bytes, it protects nothing.
    private static async Task<byte[]> HashAsync(Stream stream, CancellationToken cancel)
    {
#pragma warning disable CA5351
        return await MD5.HashDataAsync(stream, cancel);
#pragma warning restore CA5351
    }

    private static SegmentSidecar ReadSidecar(SpooledSegment file)
    {
        try
        {
            SegmentSidecar? sidecar = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(file.SidecarPath),
                CaptureJsonContext.Default.SegmentSidecar);
            if (sidecar is null || sidecar.Key != file.Key) throw new InvalidDataException($"{file.SidecarPath} describes {sidecar?.Key}");
            if (sidecar.Channels is < 1 or > 2 || sidecar.StartSample < 0)
                throw new InvalidDataException($"{file.SidecarPath} has {sidecar.Channels} channels at sample {sidecar.StartSample}");
            return sidecar;
        }
        catch (Exception broken) when (broken is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidDataException($"{file.SidecarPath}: {Cause.Of(broken)}");
        }
    }
}
