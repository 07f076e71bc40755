using System.Buffers.Binary;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Contracts.Api;

namespace Pipeline.TestKit.Stage;

/// <summary>One voice as mono samples at 48 kHz, -1 to 1.</summary>
public static class Pcm
{
    public const int SamplesPerSecond = 48_000;
    private const int WavHeaderSize = 44;
    private const int LongestPacket = 5760; // 120 ms, RFC 6716 §3.2.5

    /// <summary>Decodes an Ogg Opus file as a listener would hear it who starts with its first packet.</summary>
    public static float[] Decode(string path)
    {
        using FileStream file = File.OpenRead(path);
        OggOpusReader reader = new(file);
        using LibopusDecoder decoder = new(1);
        List<float> samples = [];
        short[] buffer = new short[LongestPacket];
        while (reader.TryRead(out OggOpusPacket packet))
        {
            if (decoder.Decode(packet.Opus, buffer, out int count) != OpusDecodeResult.Decoded)
                throw new InvalidDataException($"{path} holds a packet that libopus refuses");
            for (int i = 0; i < count; i++) samples.Add(buffer[i] / 32768f);
        }
        return [.. samples];
    }

    /// <summary>A finished track from the recording's start: segments at their absolute times, silence between them.</summary>
    public static async Task<float[]> DownloadTrackAsync(ApiReader api, RecordingDetails recording, string userId, CancellationToken cancel)
    {
        RecordingSegment[] segments = [.. recording.Segments.Where(segment => segment.UserId == userId)
            .OrderBy(segment => segment.AbsoluteStartTime)];
        if (segments.Length == 0) return [];
        long origin = recording.RecordedAt.ToUnixTimeMilliseconds();
        float[] track = new float[(segments[^1].AbsoluteEndTime - origin + 1000) * SamplesPerSecond / 1000];
        foreach (RecordingSegment segment in segments)
            Place(await api.DownloadAsync(segment, cancel), segment.Format == "opus", track,
                (segment.AbsoluteStartTime - origin) * SamplesPerSecond / 1000);
        return track;
    }

    private static void Place(byte[] wav, bool isOpus, float[] track, long at)
    {
        if (isOpus)
        {
            using LibopusDecoder decoder = new(1);
            short[] pcm = OggSegmentDecoder.Decode(wav, decoder);
            for (int i = 0; i < pcm.Length && at + i < track.Length; i++) if (at + i >= 0) track[at + i] = pcm[i] / 32768f;
            return;
        }
        int channels = BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(22));
        ReadOnlySpan<byte> data = wav.AsSpan(WavHeaderSize);
        int count = data.Length / (2 * channels);
        for (int i = 0; i < count && at + i < track.Length; i++)
        {
            if (at + i >= 0) track[at + i] = BinaryPrimitives.ReadInt16LittleEndian(data[(2 * channels * i)..]) / 32768f;
        }
    }
}
