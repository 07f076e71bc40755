using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Audio.Flac;
using Pipeline.Audio.Mp3;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;

namespace Pipeline.RecordingApi.Render;

/// <summary>Samples of one window in one format. The same window gives the same bytes on every machine.</summary>
internal sealed class WindowEncoder(OpusCodecs codecs)
{
    private const int OpusComplexity = 5;

    public static int Mp3Kilobits(int channels) => channels == 1 ? 64 : 128;

    /// <summary>Encodes one window.</summary>
    /// <param name="pcm"><c>[preRoll + samples, channels]</c>.</param>
    /// <param name="preRoll">Samples before the window; fewer than <see cref="RenderWindows.PreRoll"/> only at the start of the
    /// file.</param>
    /// <param name="start">First sample of the window in the file, a multiple of <see cref="RenderWindows.Samples"/>.</param>
    /// <param name="total">Samples of the file, when this is its last window.</param>
    /// <returns>Bytes, and MP3 frames in them.</returns>
    public (ReadOnlyMemory<byte> Bytes, int Frames) Encode(string format, ReadOnlySpan<short> pcm, int channels, int preRoll, long start,
        long? total, uint serial)
    {
        // About what comes out, so that it does not grow by copies.
        ArrayBufferWriter<byte> output = new(format == RenderFormat.Flac ? Math.Max(1 << 16, pcm.Length) : 1 << 20);
        switch (format)
        {
            case RenderFormat.Flac:
                new FlacEncoder(channels).Encode(pcm[(preRoll * channels)..], start / FlacEncoder.BlockSize, output);
                return (output.WrittenMemory, 0);
            case RenderFormat.Opus:
                int heard = Math.Min(preRoll, OggOpusWindow.PreRollSamples);
                OggOpusWindow.Write(() => Create(channels), pcm[((preRoll - heard) * channels)..], heard, start, total, serial, output);
                return (output.WrittenMemory, 0);
            case RenderFormat.Mp3:
                int before = start == 0 ? 0 : Mp3Encoder.PreRollSamples;
                int frames = Mp3Encoder.Write(pcm[((preRoll - before) * channels)..], channels, Mp3Kilobits(channels), before,
                    total is not null, output);
                return (output.WrittenMemory, frames);
            default:
                return (MemoryMarshal.AsBytes(pcm[(preRoll * channels)..]).ToArray(), 0);
        }
    }

    /// <summary>
    /// Encodes silent windows, one or many: the same bytes as <see cref="Encode"/> gives for each of them, at the start or
    /// <see cref="RenderWindows.Tail"/> behind sound.
    /// </summary>
    /// <param name="start">First sample of the stretch in the file, a multiple of <see cref="RenderWindows.Samples"/>.</param>
    /// <param name="samples">Per channel.</param>
    /// <param name="total">Samples of the file, when it ends with this stretch.</param>
    /// <returns>Bytes, and MP3 frames in them.</returns>
    public (ReadOnlyMemory<byte> Bytes, int Frames) EncodeSilence(string format, int channels, long start, long samples, long? total,
        uint serial)
    {
        // As large as it gets: one that grew by copies would take three times as much.
        ArrayBufferWriter<byte> output = new(format == RenderFormat.Mp3 ? Mp3Bytes(channels, samples) : 1 << 16);
        switch (format)
        {
            case RenderFormat.Flac:
                new FlacEncoder(channels).EncodeSilence(samples, start / FlacEncoder.BlockSize, output);
                return (output.WrittenMemory, 0);
            case RenderFormat.Opus:
                OggOpusWindow.WriteSilence(() => Create(channels), samples, start, total, serial, output);
                return (output.WrittenMemory, 0);
            case RenderFormat.Mp3:
                int frames = EncodeSilentMp3(channels, start, start + samples, total, output);
                return (output.WrittenMemory, frames);
            default:
                return (new byte[samples * channels * sizeof(short)], 0);
        }
    }

    // Some frames more than the samples fill: the encoder's delay comes out behind the last ones.
    private static int Mp3Bytes(int channels, long samples) =>
        checked((int)((samples + (4 * Mp3Encoder.FrameSamples)) / 48 * Mp3Kilobits(channels) / 8));

    // Silent frames of MP3 carry no number: every window that is neither the first nor the last one has the same bytes.
    private static int EncodeSilentMp3(int channels, long start, long end, long? total, ArrayBufferWriter<byte> output)
    {
        int frames = 0;
        short[] silence = new short[(Mp3Encoder.PreRollSamples + RenderWindows.Samples) * channels];
        ReadOnlyMemory<byte> repeated = default;
        for (long at = start; at < end; at += RenderWindows.Samples)
        {
            int preRoll = at == 0 ? 0 : Mp3Encoder.PreRollSamples, length = (int)Math.Min(RenderWindows.Samples, end - at);
            bool isLast = total is not null && at + length == end, isInner = at > 0 && !isLast;
            if (isInner && repeated.Length > 0)
            {
                output.Write(repeated.Span);
                frames += RenderWindows.Mp3Frames;
                continue;
            }
            int before = output.WrittenCount;
            frames += Mp3Encoder.Write(silence.AsSpan(0, (preRoll + length) * channels), channels, Mp3Kilobits(channels), preRoll, isLast,
                output);
            if (isInner) repeated = output.WrittenSpan[before..].ToArray();
        }
        return frames;
    }

    /// <summary>One window of a track's Opus file out of its segments' packets.</summary>
    /// <param name="window">First sample and end of the window in the file, and whether the file ends there.</param>
    /// <param name="before">What the window before has left.</param>
    /// <returns>Bytes, and what is left for the window behind.</returns>
    public static (ReadOnlyMemory<byte> Bytes, JoinPoint After) Join(IReadOnlyList<JoinedSegment> segments,
        (long Start, long End, bool IsLast) window, JoinPoint before, uint serial)
    {
        ArrayBufferWriter<byte> output = new(1 << 16);
        JoinPoint after = OggOpusJoin.Write(segments, window.Start, window.End, window.IsLast, before, serial, output);
        return (output.WrittenMemory, after);
    }

    /// <summary>What stands before the first window of FLAC, Opus and MP3.</summary>
    /// <param name="windows">Bytes, samples and MP3 frames of each part behind it.</param>
    public byte[] Header(string format, int channels, long total, uint serial,
        IReadOnlyList<(long Bytes, long Samples, int Frames)> windows, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        switch (format)
        {
            case RenderFormat.Flac:
                return FlacStreamHeader.Write(channels, total, SeekPoints(windows), tags);
            case RenderFormat.Opus:
                using (IOpusEncoder encoder = Create(channels)) return OggOpusWindow.WriteHeader(serial, channels, encoder.LookAhead, tags);
            default:
                return Mp3Encoder.WriteInfoFrame(channels, Mp3Kilobits(channels), windows.Sum(window => (long)window.Frames), total);
        }
    }

    /// <summary>Of a track's file, or of the mix.</summary>
    public static uint Serial(RenderPlan plan, string key) => Serial($"{plan.Recording}/{key}");

    /// <summary>A number for an Ogg stream that stays the same for the same file.</summary>
    public static uint Serial(string file) => BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(file)));

    private static List<FlacSeekPoint> SeekPoints(IReadOnlyList<(long Bytes, long Samples, int Frames)> windows)
    {
        List<FlacSeekPoint> points = [];
        long sample = 0, offset = 0;
        foreach ((long bytes, long samples, int _) in windows)
        {
            points.Add(new FlacSeekPoint(sample, offset, (int)Math.Min(FlacEncoder.BlockSize, samples)));
            (sample, offset) = (sample + samples, offset + bytes);
        }
        return points;
    }

    private IOpusEncoder Create(int channels) =>
        codecs.CreateEncoder(
        new OpusEncoderOptions { Channels = channels, Bitrate = channels == 1 ? 64_000 : 96_000, Complexity = OpusComplexity });
}

/// <summary>A number of everything that bytes depend on.</summary>
internal sealed class InputHash : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public InputHash Add(params ReadOnlySpan<object?> values)
    {
        foreach (object? value in values)
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{value}\n")));
        return this;
    }

    /// <summary>64 hex digits.</summary>
    public string Finish() => Convert.ToHexStringLower(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();
}
