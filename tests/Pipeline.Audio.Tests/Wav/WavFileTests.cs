using Pipeline.Audio.Wav;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Wav;

public sealed class WavFileTests : IDisposable
{
    private static readonly WavFormat Stereo = new(2, 48_000);
    private readonly TempFolder folder = new();

    private string FilePath => folder.Combine("a.wav");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Cut_off_at_any_length_it_is_repaired_to_whole_samples()
    {
        byte[] whole = Written(samples: 100);
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            long expected = Math.Max(0, length - 44) / 4;
            Assert.Equal(expected, WavFile.Repair(FilePath, Stereo));
            Assert.Equal((Stereo, expected), WavFile.Inspect(FilePath));
            Assert.Equal(whole.AsSpan(44, (int)expected * 4), File.ReadAllBytes(FilePath).AsSpan(44));
        }
    }

    [Fact]
    public void Valid_file_is_not_touched()
    {
        byte[] whole = Written(samples: 1000);
        DateTime before = File.GetLastWriteTimeUtc(FilePath);
        Assert.Equal(1000, WavFile.Repair(FilePath, Stereo));
        Assert.Equal(before, File.GetLastWriteTimeUtc(FilePath));
        Assert.Equal(whole, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Format_in_the_header_is_kept()
    {
        WavFormat mono = new(1, 48_000);
        using (WavWriter writer = new(FilePath, mono, new byte[4096]))
        {
            writer.Write(new short[5000]);
            writer.Flush(); // the header still says 0
        }
        Assert.Equal(5000, WavFile.Repair(FilePath, Stereo));
        Assert.Equal((mono, 5000L), WavFile.Inspect(FilePath));
    }

    [Fact]
    public void Inspection_names_what_is_wrong()
    {
        byte[] whole = Written(samples: 10);
        File.WriteAllBytes(FilePath, whole[..^4]);
        Assert.Contains("36 bytes", Assert.Throws<InvalidDataException>(() => WavFile.Inspect(FilePath)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(FilePath, [1, 2, 3]);
        Assert.Throws<InvalidDataException>(() => WavFile.Inspect(FilePath));
    }

    private byte[] Written(int samples)
    {
        using (WavWriter writer = new(FilePath, Stereo, new byte[4096]))
        {
            writer.Write([.. Enumerable.Range(1, samples * 2).Select(i => (short)i)]);
            writer.Close();
        }
        return File.ReadAllBytes(FilePath);
    }
}
