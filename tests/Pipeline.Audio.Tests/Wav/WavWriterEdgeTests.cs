using Pipeline.Audio.Wav;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Audio.Tests.Wav;

/// <summary>The writer at the edges of its buffer, and what it says of itself meanwhile.</summary>
public sealed class WavWriterEdgeTests : IDisposable
{
    private static readonly WavFormat Stereo = new(2, 48_000);
    private readonly TempFolder folder = new();

    private string FilePath => folder.Combine("a.wav");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(4094)]
    [InlineData(4097)]
    [InlineData(0)]
    public void Buffer_that_is_too_small_or_odd_is_refused(int length) =>
        Assert.Throws<ArgumentException>(() => new WavWriter(FilePath, Stereo, new byte[length]));

    /// <summary>A buffer that is just full is handed on with the next sample and not before.</summary>
    [Fact]
    public void Counts_are_right_at_every_step()
    {
        using WavWriter writer = new(FilePath, Stereo, new byte[4096]);
        Assert.Equal((0L, 0L, 44L), (writer.SampleCount, writer.FlushedSampleCount, writer.FileSize));
        writer.Write(new short[2 * 1013]);
        Assert.Equal((1013L, 0L, 4096L), (writer.SampleCount, writer.FlushedSampleCount, writer.FileSize));
        Assert.Equal(0, new FileInfo(FilePath).Length);
        writer.Write([1, 2]);
        Assert.Equal((1014L, 1013L, 4100L), (writer.SampleCount, writer.FlushedSampleCount, writer.FileSize));
        writer.WriteSilence(1023);
        Assert.Equal((2037L, 1013L, 8192L), (writer.SampleCount, writer.FlushedSampleCount, writer.FileSize));
        writer.WriteSilence(1);
        Assert.Equal((2038L, 2037L), (writer.SampleCount, writer.FlushedSampleCount));
        writer.Flush();
        writer.Flush(); // nothing to do
        Assert.Equal((2038L, 2038L, 8196L), (writer.SampleCount, writer.FlushedSampleCount, new FileInfo(FilePath).Length));
        writer.Close();
        Assert.Equal([1, 2], WavReader.Read(FilePath).Pcm[2026..2028]);
        Assert.Equal((Stereo, 2038L), WavFile.Inspect(FilePath));
    }

    [Fact]
    public void Silence_over_what_was_said_before_is_silence()
    {
        using WavWriter writer = new(FilePath, Stereo, new byte[4096]);
        short[] loud = [.. Enumerable.Repeat((short)-1, 4000)];
        writer.Write(loud);
        writer.WriteSilence(3000);
        writer.Write(loud);
        writer.Close();
        short[] read = WavReader.Read(FilePath).Pcm;
        Assert.Equal([.. loud, .. new short[6000], .. loud], read);
    }

    /// <summary>Nothing reached the disk before it was full: what is left is a whole file of nothing.</summary>
    [Fact]
    public void Truncation_before_the_first_flush_leaves_a_whole_empty_file()
    {
        using WavWriter writer = new(FilePath, Stereo, new byte[4096]);
        writer.Write(new short[200]);
        Assert.Equal(100, writer.Truncate());
        Assert.Equal(0, writer.SampleCount);
        Assert.Equal((Stereo, 0L), WavFile.Inspect(FilePath));
        writer.Write([7, 8]);
        writer.Close();
        Assert.Equal([7, 8], WavReader.Read(FilePath).Pcm);
    }

    [Fact]
    public void Truncation_cuts_a_sample_that_is_half_on_the_disk()
    {
        using WavWriter writer = new(FilePath, Stereo, new byte[4098]);
        writer.Write(new short[3000]); // 4098 bytes flushed: 1013.5 samples
        Assert.Equal(1500 - 1013, writer.Truncate());
        Assert.Equal((Stereo, 1013L), WavFile.Inspect(FilePath));
    }

    [Fact]
    public void Disposal_keeps_what_was_flushed_and_no_more()
    {
        using (WavWriter writer = new(FilePath, Stereo, new byte[4096]))
        {
            writer.Write(new short[200]);
            writer.PatchHeader();
            writer.Write(new short[200]);
        }
        Assert.Equal((Stereo, 100L), WavFile.Inspect(FilePath));
    }

    [Fact]
    public void Longer_data_than_the_header_can_say_and_half_a_sample_are_not_whole_files()
    {
        using (WavWriter writer = new(FilePath, Stereo, new byte[4096])) writer.Close();
        byte[] header = File.ReadAllBytes(FilePath);
        File.WriteAllBytes(FilePath, [.. header, 1, 2]);
        Assert.Contains("2 bytes of samples", Assert.Throws<InvalidDataException>(() => WavFile.Inspect(FilePath)).Message,
            StringComparison.Ordinal);
        File.WriteAllBytes(FilePath, [.. header, 1, 2, 3, 4]);
        Assert.Contains("does not fit the 4 bytes", Assert.Throws<InvalidDataException>(() => WavFile.Inspect(FilePath)).Message,
            StringComparison.Ordinal);
    }
}
