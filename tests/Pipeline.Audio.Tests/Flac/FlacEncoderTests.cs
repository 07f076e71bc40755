using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Pipeline.Audio.Flac;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Flac;

/// <summary>Our frames, read by flac and ffmpeg.</summary>
public sealed class FlacEncoderTests(ITestOutputHelper output) : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("speech", 1, 300_000)]
    [InlineData("speech", 2, 300_000)]
    [InlineData("stereo", 2, 300_000)]
    [InlineData("noise", 1, 20_000)]
    [InlineData("noise", 2, 20_000)]
    [InlineData("extremes", 2, 20_000)]
    [InlineData("silence", 2, 50_000)]
    [InlineData("constant", 1, 9_216)]
    [InlineData("click", 2, 46_080)]
    [InlineData("speech", 1, 1)]
    [InlineData("speech", 2, 2)]
    [InlineData("noise", 1, 4_609)]
    [InlineData("noise", 2, 4_611)]
    [InlineData("noise", 1, 5)]
    [InlineData("noise", 1, 17)]
    [InlineData("speech", 1, 4_608)]
    public void Any_sound_comes_back_bit_for_bit(string sound, int channels, int samples)
    {
        ExternalTool.SkipUnlessInstalled("flac");
        short[] pcm = Sound(sound, channels, samples);
        string file = Save("sound.flac", channels, samples, Encode(pcm, channels));
        Assert.Equal(pcm, Decode(file));
    }

    [Fact]
    public void Windows_that_are_encoded_apart_are_the_bytes_of_one_run()
    {
        ExternalTool.SkipUnlessInstalled("flac");
        const int window = 20 * FlacEncoder.BlockSize;
        short[] pcm = Sound("stereo", 2, (3 * window) + 1000);
        ArrayBufferWriter<byte> joined = new();
        for (int start = 0; start < pcm.Length / 2; start += window)
        {
            new FlacEncoder(2)
                .Encode(pcm.AsSpan(start * 2, Math.Min(window * 2, pcm.Length - (start * 2))), start / FlacEncoder.BlockSize, joined);
        }
        Assert.Equal(Encode(pcm, 2), joined.WrittenSpan.ToArray());
        Assert.Equal(pcm, Decode(Save("joined.flac", 2, pcm.Length / 2, joined.WrittenSpan.ToArray())));
    }

    [Theory]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(2_097_152)]
    [InlineData(67_108_864)]
    public void Frame_numbers_of_any_length_are_read(long firstFrame)
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        short[] pcm = Sound("speech", 1, 3 * FlacEncoder.BlockSize);
        ArrayBufferWriter<byte> frames = new();
        new FlacEncoder(1).Encode(pcm, firstFrame, frames);
        string file = Save("late.flac", 1, 0, frames.WrittenSpan.ToArray());
        Assert.Equal(pcm, DecodeByFfmpeg(file));
    }

    [Fact]
    public void Length_tags_and_seek_table_are_read()
    {
        ExternalTool.SkipUnlessInstalled("flac");
        ExternalTool.SkipUnlessInstalled("ffprobe");
        short[] pcm = Sound("speech", 1, 10 * FlacEncoder.BlockSize);
        byte[] header = FlacStreamHeader.Write(1, pcm.Length, [new FlacSeekPoint(0, 0, FlacEncoder.BlockSize)],
            [new("TITLE", "Ada — Tisch"), new("ARTIST", "Ада")]);
        string file = folder.Combine("tags.flac");
        File.WriteAllBytes(file, [.. header, .. Encode(pcm, 1)]);
        Assert.Contains("Ада", ExternalTool.Run("ffprobe", "-v", "error", "-show_format", file), StringComparison.Ordinal);
        Assert.Equal(pcm.Length.ToString(CultureInfo.InvariantCulture), ExternalTool.Run("metaflac", "--show-total-samples", file).Trim());
        Assert.Contains("seek points: 1", ExternalTool.Run("metaflac", "--list", file), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_are_no_larger_than_those_of_flac_5()
    {
        ExternalTool.SkipUnlessInstalled("flac");
        foreach ((string sound, int channels) in new[] { ("speech", 1), ("speech", 2), ("stereo", 2) })
        {
            short[] pcm = Sound(sound, channels, 60 * 48_000);
            Encode(pcm, channels); // the compiler's time
            Stopwatch clock = Stopwatch.StartNew();
            int ours = Encode(pcm, channels).Length;
            double seconds = clock.Elapsed.TotalSeconds;
            string raw = folder.Combine("raw"), file = folder.Combine("theirs.flac");
            File.WriteAllBytes(raw, SpokenPcm.Bytes(pcm));
            ExternalTool.Run("flac", "-5", "-s", "-f", "--force-raw-format", "--endian=little", "--sign=signed", $"--channels={channels}",
                "--bps=16", "--sample-rate=48000", "--no-padding", "-o", file, raw);
            long theirs = new FileInfo(file).Length;
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                $"{sound} x {channels}: {100.0 * ours / (pcm.Length * 2):F2} % of PCM, flac -5 {100.0 * theirs / (pcm.Length * 2):F2} "
                + $"%; {60 / seconds:F0} times real time"));
            Assert.True(ours <= theirs, $"{sound}: {ours} bytes, flac -5 makes {theirs}");
        }
    }

    private static short[] Sound(string kind, int channels, int samples)
    {
        Random random = new(7);
        if (kind == "speech") return channels == 1 ? SpokenPcm.Mono(samples) : SpokenPcm.Twice(SpokenPcm.Mono(samples));
        if (kind == "stereo") return SpokenPcm.Stereo(samples);
        short[] pcm = new short[samples * channels];
        if (kind == "noise") random.NextBytes(MemoryMarshal.AsBytes(pcm.AsSpan()));
        if (kind == "extremes") for (int i = 0; i < pcm.Length; i++) pcm[i] = random.Next(2) == 0 ? short.MinValue : short.MaxValue;
        if (kind == "constant") Array.Fill(pcm, (short)-1234);
        if (kind == "click") pcm[samples] = short.MinValue;
        return pcm;
    }

    private static byte[] Encode(ReadOnlySpan<short> pcm, int channels)
    {
        ArrayBufferWriter<byte> frames = new();
        new FlacEncoder(channels).Encode(pcm, 0, frames);
        return frames.WrittenSpan.ToArray();
    }

    private string Save(string name, int channels, long samples, byte[] frames)
    {
        string file = folder.Combine(name);
        File.WriteAllBytes(file, [.. FlacStreamHeader.Write(channels, samples, [], []), .. frames]);
        return file;
    }

    private short[] Decode(string file)
    {
        ExternalTool.Run("flac", "-t", "-s", file);
        string raw = folder.Combine("decoded");
        ExternalTool.Run("flac", "-d", "-s", "-f", "--force-raw-format", "--endian=little", "--sign=signed", "-o", raw, file);
        return MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(raw)).ToArray();
    }

    private short[] DecodeByFfmpeg(string file)
    {
        string raw = folder.Combine("decoded");
        ExternalTool.Run("ffmpeg", "-v", "error", "-y", "-i", file, "-f", "s16le", raw);
        return MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(raw)).ToArray();
    }
}
