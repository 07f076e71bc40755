using Pipeline.Audio.Wav;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Audio.Tests.Wav;

public sealed class WavWriterTests : IDisposable
{
    private static readonly WavFormat Stereo = new(2, 48_000);
    private readonly TempFolder folder = new();

    private string FilePath => folder.Combine("a.wav");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_is_written_is_read_back(int channels)
    {
        short[] pcm = Values(50_001 * channels);
        WavFormat format = new(channels, 48_000);
        using (WavWriter writer = new(FilePath, format, new byte[16 * 1024]))
        {
            writer.Write(pcm.AsSpan(0, 1000 * channels));
            writer.WriteSilence(30_000);
            writer.Write(pcm.AsSpan(1000 * channels));
            Assert.Equal(80_001, writer.SampleCount);
            writer.Close();
        }
        (WavFormat found, short[] read) = WavReader.Read(FilePath);
        Assert.Equal(format, found);
        Assert.Equal(pcm.AsSpan(0, 1000 * channels), read.AsSpan(0, 1000 * channels));
        Assert.True(read.AsSpan(1000 * channels, 30_000 * channels).IndexOfAnyExcept((short)0) < 0);
        Assert.Equal(pcm.AsSpan(1000 * channels), read.AsSpan(31_000 * channels));
        Assert.Equal((format, 80_001L), WavFile.Inspect(FilePath));
    }

    [Fact]
    public void File_is_valid_after_every_patch_and_goes_on()
    {
        using WavWriter writer = new(FilePath, Stereo, new byte[4096]);
        for (int i = 1; i <= 5; i++)
        {
            writer.Write(Values(3000));
            writer.PatchHeader();
            Assert.Equal((Stereo, i * 1500L), WavFile.Inspect(FilePath));
        }
    }

    [Fact]
    public void Others_call_it_valid()
    {
        using (WavWriter writer = new(FilePath, Stereo, new byte[16 * 1024]))
        {
            writer.Write(Values(96_000));
            writer.Close();
        }
        ExternalTool.SkipUnlessInstalled("sox");
        ExternalTool.SkipUnlessInstalled("ffprobe");
        string sox = ExternalTool.Run("sox", "--i", FilePath);
        Assert.Contains("48000 samples", sox, StringComparison.Ordinal);
        Assert.Contains("16-bit Signed Integer PCM", sox, StringComparison.Ordinal);
        Assert.DoesNotContain("WARN", sox, StringComparison.Ordinal);
        string ffprobe = ExternalTool.Run("ffprobe", "-v", "warning", "-show_entries", "stream=codec_name,sample_rate,channels,duration",
            "-of", "csv=p=0", FilePath);
        Assert.Equal("pcm_s16le,48000,2,1.000000", ffprobe.Trim());
    }

    [Fact]
    public void Truncate_keeps_what_the_system_has()
    {
        using WavWriter writer = new(FilePath, Stereo, new byte[4096]);
        writer.Write(Values(2500)); // 5000 bytes: one buffer flushed, the rest in memory
        long flushed = writer.FlushedSampleCount;
        Assert.Equal((4096 - 44) / 4, flushed);
        Assert.Equal(1250 - flushed, writer.Truncate());
        Assert.Equal((Stereo, flushed), WavFile.Inspect(FilePath));
    }

    [Fact]
    public void Full_disk_is_an_IOException_and_nothing_in_the_buffer_is_forgotten()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full on this system");
        using WavWriter writer = new("/dev/full", Stereo, new byte[4096]);
        writer.Write(Values(1000));
        Assert.Throws<IOException>(() => writer.Flush());
        Assert.Equal(500, writer.SampleCount);
        Assert.Equal(0, writer.FlushedSampleCount);
    }

    private static short[] Values(int count)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, count).Select(_ => (short)random.Next(short.MinValue, short.MaxValue + 1))];
    }
}
