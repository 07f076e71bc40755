using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Ogg;

public sealed class OggOpusReaderTests
{
    private static readonly byte[] Ada = File.ReadAllBytes(RepositoryRoot.Combine("tests", "speech", "ada.opus"));

    [Theory]
    [InlineData("ada")]
    [InlineData("grace")]
    [InlineData("linus")]
    public void Speech_has_the_length_that_others_see(string name)
    {
        string path = RepositoryRoot.Combine("tests", "speech", name + ".opus");
        using FileStream file = File.OpenRead(path);
        OggOpusReader reader = new(file);
        long samples = -reader.Head.PreSkip;
        while (reader.TryRead(out OggOpusPacket packet))
        {
            Assert.Equal(960, packet.Samples);
            samples += packet.Samples - packet.EndTrim;
        }
        ExternalTool.SkipUnlessInstalled("ffprobe");
        string duration = ExternalTool.Run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path);
        // ffprobe counts the pre-skip in.
        Assert.InRange(double.Parse(duration) - (samples / 48_000.0), -0.001, 0.0075);
    }

    [Fact]
    public void Every_packet_decodes()
    {
        OggOpusReader reader = new(new MemoryStream(Ada));
        using LibopusDecoder decoder = new(2);
        short[] pcm = new short[OpusPacket.MaximumSamples * 2];
        int packets = 0;
        for (; reader.TryRead(out OggOpusPacket packet); packets++)
            Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode(packet.Opus, pcm, out _));
        Assert.InRange(packets, 800, 1100);
        Assert.Equal(1, reader.Head.Channels);
        Assert.Equal(312, reader.Head.PreSkip);
    }

    [Theory]
    [InlineData("", "the input is empty at byte 0")]
    [InlineData("ID3 and so on, no Ogg at all", "no Ogg page (OggS expected) at byte 0")]
    [InlineData("Ogg", "the input ends inside an Ogg page at byte 0")]
    public void What_is_no_Ogg_is_named(string text, string message) =>
        Assert.Equal(message, Assert.Throws<OggFormatException>(() => ReadAll(System.Text.Encoding.ASCII.GetBytes(text))).Message);

    [Fact]
    public void Ogg_without_Opus_is_named()
    {
        ExternalTool.SkipUnlessInstalled("sox");
        using TempFolder folder = new();
        string path = folder.Combine("a.ogg");
        ExternalTool.Run("sox", "-n", "-r", "48000", "-c", "1", path, "synth", "0.2", "sine", "440");
        Assert.Contains("no Opus stream", Assert.Throws<OggFormatException>(() => ReadAll(File.ReadAllBytes(path))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_other_lengths_and_a_long_comment_are_read()
    {
        ExternalTool.SkipUnlessInstalled("opusenc");
        ExternalTool.SkipUnlessInstalled("sox");
        using TempFolder folder = new();
        string wav = folder.Combine("a.wav"), opus = folder.Combine("a.opus");
        ExternalTool.Run("sox", "-n", "-r", "48000", "-c", "2", "-b", "16", wav, "synth", "3.21", "sine", "300-3000");
        foreach (string size in (string[])["2.5", "10", "40", "60"])
        {
            ExternalTool.Run("opusenc", "--quiet", "--framesize", size, "--comment", "TEXT=" + new string('x', 100_000), wav, opus);
            (int packets, long samples) = ReadAll(File.ReadAllBytes(opus));
            Assert.Equal((long)Math.Round(3.21 * 48_000), samples);
            Assert.InRange(packets, 3210 / double.Parse(size), (3210 / double.Parse(size)) + 30);
        }
    }

    private static (int Packets, long Samples) ReadAll(byte[] bytes)
    {
        OggOpusReader reader = new(new MemoryStream(bytes));
        int packets = 0;
        long samples = -reader.Head.PreSkip;
        for (; reader.TryRead(out OggOpusPacket packet); packets++) samples += packet.Samples - packet.EndTrim;
        return (packets, samples);
    }
}
