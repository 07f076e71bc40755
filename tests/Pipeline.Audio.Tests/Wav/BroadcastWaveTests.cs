using System.Text;
using NAudio.Wave;
using Pipeline.Audio.Wav;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Wav;

public sealed class BroadcastWaveTests : IDisposable
{
    private static readonly DateTimeOffset Started = new(2026, 11, 28, 20, 0, 0, 500, TimeSpan.Zero);

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Time_reference_text_and_cues_are_read_by_others()
    {
        ExternalTool.SkipUnlessInstalled("ffprobe");
        short[] pcm = SpokenPcm.Stereo(48_000);
        (byte[] head, byte[] tail) = BroadcastWave.Describe(2, 48_000, Started, "Table", "rec-1", -16.02,
            [(4800, "first"), (24_000, "Grüße")]);
        string file = folder.Combine("sound.wav");
        File.WriteAllBytes(file, [.. head, .. SpokenPcm.Bytes(pcm), .. tail]);
        string said = ExternalTool.Run("ffprobe", "-v", "error", "-show_format", "-show_streams", file);
        Assert.Contains("duration=1.000000", said, StringComparison.Ordinal);
        Assert.Contains($"TAG:time_reference={(long)((20 * 3600) + 0.5) * 48_000 + 24_000}", said, StringComparison.Ordinal);
        Assert.Contains("=Pipeline", said, StringComparison.Ordinal);
        using WaveFileReader reader = new(file);
        CueList cues = CueListInterpreter.Instance.Interpret(reader.Chunks)!;
        Assert.Equal([4800, 24_000], cues.CuePositions);
        Assert.Equal("first", cues[0].Label);
        byte[] read = new byte[reader.Length];
        reader.ReadExactly(read);
        Assert.Equal(SpokenPcm.Bytes(pcm), read);
    }

    [Fact]
    public void Twelve_hours_of_stereo_are_RF64()
    {
        const long samples = 12L * 3600 * 48_000;
        (byte[] head, byte[] tail) = BroadcastWave.Describe(2, samples, Started, "Table", "rec-1", null, []);
        Assert.Equal("RF64", Encoding.ASCII.GetString(head.AsSpan(0, 4)));
        Assert.Equal("ds64", Encoding.ASCII.GetString(head.AsSpan(12, 4)));
        Assert.Equal(head.Length + (samples * 4) + tail.Length - 8, BitConverter.ToInt64(head, 20));
        Assert.Equal(samples * 4, BitConverter.ToInt64(head, 28));
        Assert.True(head.AsSpan(head.Length - 8).StartsWith("data"u8));
    }
}
