using Pipeline.Audio.Wav;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Audio.Tests.Wav;

/// <summary>Files that sox and ffmpeg made, read by us and converted by sox, must sound the same.</summary>
public sealed class SoundFileReaderTests : IDisposable
{
    private const int Seconds = 2;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("8-bit.wav", "-r 44100 -c 2 -b 8 -e unsigned", 40)]
    [InlineData("16-bit.wav", "-r 48000 -c 1 -b 16", 90)]
    [InlineData("24-bit.wav", "-r 44100 -c 2 -b 24", 70)]
    [InlineData("32-bit.wav", "-r 96000 -c 1 -b 32", 70)]
    [InlineData("float.wav", "-r 22050 -c 2 -e float -b 32", 70)]
    [InlineData("double.wav", "-r 8000 -c 1 -e float -b 64", 70)]
    [InlineData("16-bit.aiff", "-r 44100 -c 2 -b 16", 70)]
    [InlineData("24-bit.aiff", "-r 32000 -c 1 -b 24", 70)]
    [InlineData("8-bit.aif", "-r 48000 -c 1 -b 8", 40)]
    [InlineData("8-bit-stereo.aif", "-r 22050 -c 2 -b 8", 40)]
    [InlineData("32-bit.aiff", "-r 48000 -c 2 -b 32", 90)]
    public void File_of_any_rate_and_width_sounds_as_sox_converts_it(string name, string format, double leastSnr)
    {
        ExternalTool.SkipUnlessInstalled("sox");
        string file = folder.Combine(name);
        ExternalTool.Run("sox", ["-n", .. format.Split(' '), file, "synth", $"{Seconds}", "sine", "300-3000", "gain", "-6"]);

        (short[] pcm, int channels, bool isCutOff) = Read(file);

        short[] expected = BySox(file, channels);
        Assert.Equal((expected.Length, false), (pcm.Length, isCutOff));
        Assert.InRange(Signal(expected, pcm, channels), leastSnr, double.PositiveInfinity);
    }

    [Fact]
    public void Rf64_and_a_pipe_without_lengths_are_read()
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        string rf64 = folder.Combine("rf64.wav"), piped = folder.Combine("piped.wav"), wav = Tone("tone.wav");
        ExternalTool.Run("ffmpeg", "-v", "error", "-i", wav, "-rf64", "always", rf64);
        ExternalTool.Run("sh", "-c", $"ffmpeg -v error -i '{wav}' -f wav - > '{piped}'");
        short[] expected = Read(wav).Pcm;
        Assert.Equal(expected, Read(rf64).Pcm);
        Assert.Equal(expected, Read(piped).Pcm);
        Assert.Equal((byte)'R', File.ReadAllBytes(rf64)[0]);
    }

    [Theory]
    [InlineData(2, -1)] // half of it is there
    [InlineData(1, 0)] // its lengths were never written
    [InlineData(1, 0xFF)]
    public void Rf64_that_a_killed_recorder_left_gives_what_it_has(int part, int lengths)
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        string rf64 = folder.Combine("rf64.wav"), wav = Tone("tone.wav");
        ExternalTool.Run("ffmpeg", "-v", "error", "-i", wav, "-rf64", "always", rf64);
        byte[] bytes = File.ReadAllBytes(rf64);
        bytes = bytes[..(bytes.Length / part)];
        if (lengths >= 0) bytes.AsSpan(20, 16).Fill((byte)lengths);
        (short[] pcm, _, bool isCutOff) = Read(new MemoryStream(bytes));
        short[] whole = Read(wav).Pcm;
        Assert.True(isCutOff);
        Assert.Equal(whole.Length / part, pcm.Length, 100d);
        Assert.Equal(whole.Take(pcm.Length), pcm);
    }

    [Fact]
    public void Integers_of_64_bits_are_refused()
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        string file = folder.Combine("64-bit.wav");
        ExternalTool.Run("ffmpeg", "-v", "error", "-i", Tone("tone.wav"), "-c:a", "pcm_s64le", file);
        Assert.Contains("64 bits", Assert.Throws<SoundFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_two_channels_are_mixed_to_one()
    {
        ExternalTool.SkipUnlessInstalled("sox");
        string wav = Tone("tone.wav"), four = folder.Combine("four.wav");
        ExternalTool.Run("sox", wav, four, "remix", "1", "0", "1", "0");
        (short[] pcm, int channels, _) = Read(four);
        short[] once = Read(wav).Pcm;
        Assert.Equal((1, once.Length), (channels, pcm.Length));
        Assert.All(pcm.Zip(once), pair => Assert.InRange(pair.First - (pair.Second / 2), -1, 1));
    }

    [Theory]
    [InlineData("tone.wav", 4, 40)] // RIFF and data
    [InlineData("tone.aiff", 4, -1)]
    public void Lengths_that_a_killed_recorder_never_wrote_are_taken_from_the_file(string name, int form, int data)
    {
        ExternalTool.SkipUnlessInstalled("sox");
        string file = Tone(name);
        short[] whole = Read(file).Pcm;
        byte[] bytes = File.ReadAllBytes(file);
        if (data < 0) data = bytes.AsSpan().IndexOf("SSND"u8) + 4;
        bytes.AsSpan(form, 4).Clear();
        bytes.AsSpan(data, 4).Clear();
        File.WriteAllBytes(file, bytes);
        (short[] pcm, _, bool isCutOff) = Read(file);
        Assert.True(isCutOff);
        Assert.Equal(whole, pcm);
    }

    [Theory]
    [InlineData("tone.wav", 100_000)]
    [InlineData("tone.aiff", 100_000)]
    [InlineData("tone.aiff", 99_999)]
    public void Cut_off_file_gives_what_it_has(string name, int bytes)
    {
        ExternalTool.SkipUnlessInstalled("sox");
        string file = Tone(name);
        short[] whole = Read(file).Pcm;
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..bytes]);
        (short[] pcm, _, bool isCutOff) = Read(file);
        Assert.True(isCutOff);
        Assert.InRange(pcm.Length, 49_900, 50_000);
        Assert.Equal(whole.Take(pcm.Length), pcm);
    }

    [Theory]
    [InlineData("", 0, "header is cut off")]
    [InlineData("RIFF....WAVE", 0, "header is cut off")]
    [InlineData("RIFF....AVI LIST", 0, "no WAV or AIFF header")]
    [InlineData("tone", 22, "0 channels")]
    [InlineData("tone", 24, "0 Hz")]
    [InlineData("tone", 34, "0 bits")]
    [InlineData("tone", 20, "compressed samples (WAV format 0)")]
    [InlineData("tone", 32, "0 bytes per sample")]
    [InlineData("tone", 36, "no samples")]
    public void Broken_header_is_named_in_words_of_our_own(string content, int zeroAt, string problem)
    {
        ExternalTool.SkipUnlessInstalled("sox");
        string file = content == "tone" ? Tone("tone.wav") : folder.Combine("text.wav");
        byte[] bytes = content == "tone" ? File.ReadAllBytes(file) : System.Text.Encoding.ASCII.GetBytes(content);
        if (zeroAt > 0) bytes.AsSpan(zeroAt, zeroAt == 24 ? 4 : 2).Clear();
        string message = Assert.Throws<SoundFormatException>(() => Read(new MemoryStream(bytes))).Message;
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("law.wav", "-e a-law", "WAV format 6")]
    [InlineData("adpcm.wav", "-e ima-adpcm", "WAV format 17")]
    public void Compressed_samples_are_refused(string name, string coding, string problem)
    {
        ExternalTool.SkipUnlessInstalled("sox");
        string file = folder.Combine(name);
        ExternalTool.Run("sox", ["-n", "-r", "8000", .. coding.Split(' '), file, "synth", "1", "sine", "440"]);
        Assert.Contains(problem, Assert.Throws<SoundFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    /// <summary>As programs on macOS write it: what is not compressed is read, whichever way round.</summary>
    [Theory]
    [InlineData("pcm_s16le", "sowt")]
    [InlineData("pcm_s16be", "COMM")]
    [InlineData("pcm_s24be", "COMM")]
    [InlineData("pcm_f32be", "fl32")]
    [InlineData("pcm_f64be", "fl64")]
    public void Aiff_of_every_plain_coding_has_the_samples_that_it_was_made_of(string codec, string marked)
    {
        ExternalTool.SkipUnlessInstalled("sox");
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        string wav = Tone("tone.wav"), aiff = folder.Combine($"{codec}.aiff");
        ExternalTool.Run("ffmpeg", ["-v", "error", "-y", "-i", wav, "-c:a", codec, aiff]);
        Assert.True(File.ReadAllBytes(aiff).AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(marked)) > 0);
        Assert.Equal(Read(wav).Pcm, Read(aiff).Pcm);
    }

    [Fact]
    public void Compressed_Aiff_is_refused()
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        string file = folder.Combine("law.aiff");
        ExternalTool.Run("ffmpeg", "-v", "error", "-i", Tone("tone.wav"), "-c:a", "pcm_mulaw", file);
        Assert.Contains("'ulaw'", Assert.Throws<SoundFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    private string Tone(string name)
    {
        string file = folder.Combine(name);
        ExternalTool.Run("sox", "-n", "-r", "48000", "-c", "1", "-b", "16", file, "synth", $"{Seconds}", "sine", "300-3000", "gain", "-6");
        return file;
    }

    private static (short[] Pcm, int Channels, bool IsCutOff) Read(string file)
    {
        using FileStream input = File.OpenRead(file);
        return Read(input);
    }

    private static (short[] Pcm, int Channels, bool IsCutOff) Read(Stream input)
    {
        SoundFileReader reader = new(input);
        List<short> all = [];
        short[] part = new short[1000 * reader.Channels];
        for (int samples = reader.Read(part); samples > 0; samples = reader.Read(part))
            all.AddRange(part.AsSpan(0, samples * reader.Channels));
        Assert.Equal(reader.Length, all.Count / reader.Channels);
        return ([.. all], reader.Channels, reader.IsCutOff);
    }

    private short[] BySox(string file, int channels)
    {
        string converted = folder.Combine("by-sox.wav");
        ExternalTool.Run("sox", file, "-D", "-r", "48000", "-b", "16", "-c", $"{channels}", converted);
        return WavReader.Read(converted).Pcm;
    }

    // dB; without the first and the last 20 ms, where two filters may begin and end in their own ways.
    private static double Signal(short[] expected, short[] actual, int channels)
    {
        double signal = 0, noise = 0;
        for (int i = 960 * channels; i < expected.Length - (960 * channels); i++)
        {
            signal += (double)expected[i] * expected[i];
            noise += Math.Pow(expected[i] - actual[i], 2);
        }
        return noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
    }
}
