using System.Buffers.Binary;
using System.Security.Cryptography;
using Pipeline.Audio.Ogg;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.TestKit.Stage;

/// <summary>Downloads every segment of a finished recording and holds it to what the catalogue says of it.</summary>
public sealed class RecordingVerifier(ApiReader api)
{
    private const int WavHeaderSize = 44;

    /// <summary>
    /// Checks bytes, MD5, header, length against duration, order without overlap and that no index comes twice.
    /// </summary>
    /// <exception cref="InvalidDataException">The first thing that is wrong, by segment.</exception>
    public async Task<IReadOnlyList<VerifiedTrack>> VerifyAsync(RecordingDetails recording, CancellationToken cancel)
    {
        List<VerifiedTrack> tracks = [];
        foreach (IGrouping<string, RecordingSegment> track in recording.Segments.GroupBy(segment => segment.UserId))
        {
            RecordingSegment[] segments = [.. track.OrderBy(segment => segment.SegmentIndex)];
            Require(segments.Select(segment => segment.SegmentIndex).Distinct().Count() == segments.Length,
                $"user {track.Key}: an index comes twice");
            long samples = 0;
            for (int i = 0; i < segments.Length; i++)
            {
                if (i > 0) Require(segments[i].AbsoluteStartTime + 1 >= segments[i - 1].AbsoluteEndTime,
                    $"{Name(segments[i])} starts before its predecessor ends");
                samples += await VerifySegmentAsync(segments[i], cancel);
            }
            tracks.Add(new VerifiedTrack(track.Key, segments[0].Username, segments.Length, SampleClock.ToTime(samples),
                segments.Sum(segment => segment.FileSize)));
        }
        Require(recording.SegmentCount == recording.Segments.Count,
            $"the recording counts {recording.SegmentCount} segments and lists {recording.Segments.Count}");
        return tracks;
    }

    private async Task<long> VerifySegmentAsync(RecordingSegment segment, CancellationToken cancel)
    {
        byte[] wav = await api.DownloadAsync(segment, cancel); // or an Ogg Opus file
        Require(wav.Length == segment.FileSize, $"{Name(segment)} has {wav.Length} bytes, the catalogue says {segment.FileSize}");
        string md5 = Convert.ToBase64String(Md5(wav));
        Require(segment.ContentMd5 is null || segment.ContentMd5 == md5,
            $"{Name(segment)} has MD5 {md5}, the catalogue says {segment.ContentMd5}");
        if (segment.Format == SegmentFormat.Opus.Word()) return VerifyOpus(segment, wav);
        Require(wav.Length > WavHeaderSize && wav.AsSpan(0, 4).SequenceEqual("RIFF"u8) && wav.AsSpan(8, 4).SequenceEqual("WAVE"u8),
            $"{Name(segment)} is no WAV file");
        int channels = BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(22));
        int dataBytes = BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(40));
        Require(BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(24)) == SampleClock.SamplesPerSecond,
            $"{Name(segment)} does not run at 48 kHz");
        Require(dataBytes == wav.Length - WavHeaderSize, $"{Name(segment)} has a data size of {dataBytes} in {wav.Length} bytes");
        long samples = dataBytes / (2 * channels);
        Require(Math.Abs(SampleClock.ToTime(samples).TotalMilliseconds - segment.Duration) <= 1,
            $"{Name(segment)} holds {samples} samples, the catalogue says {segment.Duration} ms");
        return samples;
    }

    private static long VerifyOpus(RecordingSegment segment, byte[] file)
    {
        long samples = OggSegmentFile.Inspect(file, Name(segment)).SampleCount;
        Require(Math.Abs(SampleClock.ToTime(samples).TotalMilliseconds - segment.Duration) <= 1,
            $"{Name(segment)} holds {samples} samples, the catalogue says {segment.Duration} ms");
        return samples;
    }

    // The catalogue speaks MD5 because the storage service does; this compares bytes, it does not protect anything.
#pragma warning disable CA5351
    private static byte[] Md5(byte[] bytes) => MD5.HashData(bytes);
#pragma warning restore CA5351

    private static string Name(RecordingSegment segment) => $"segment {segment.SegmentIndex} of {segment.Username} ({segment.UserId})";

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidDataException(otherwise);
    }
}
