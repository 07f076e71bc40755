using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Audio.Loudness;
using Pipeline.Audio.Mix;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Loudness;

/// <summary>Our loudness and our limiter against ffmpeg's ebur128.</summary>
public sealed partial class LoudnessMeterTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(2, 1.0)]
    [InlineData(2, 0.1)]
    public void Speech_is_as_loud_as_ffmpeg_says(int channels, double gain)
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        short[] pcm = channels == 1 ? SpokenPcm.Mono(20 * 48_000) : SpokenPcm.Stereo(20 * 48_000);
        for (int i = 0; i < pcm.Length; i++) pcm[i] = (short)(pcm[i] * gain);
        LoudnessMeter meter = new(channels);
        meter.Add(pcm);
        double theirs = Judge(pcm, channels).Integrated;
        Assert.InRange(IntegratedLoudness.Of(meter.Energies)!.Value - theirs, -0.2, 0.2);
    }

    // EBU Tech 3341: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS.
    [Fact]
    public void Reference_tone_has_its_loudness()
    {
        LoudnessMeter meter = new(2);
        double peak = Math.Pow(10, -23.0 / 20);
        float[] tone = new float[10 * 48_000 * 2];
        for (int i = 0; i < tone.Length; i++) tone[i] = (float)(peak * Math.Sin(2 * Math.PI * 1000 * (i / 2) / 48_000));
        meter.Add(tone);
        Assert.InRange(IntegratedLoudness.Of(meter.Energies)!.Value, -23.1, -22.9);
    }

    [Fact]
    public void Silence_has_no_loudness()
    {
        LoudnessMeter meter = new(1);
        meter.Add(new short[48_000]);
        Assert.Null(IntegratedLoudness.Of(meter.Energies));
        Assert.Null(IntegratedLoudness.Of([]));
    }

    [Fact]
    public void Loud_mix_keeps_its_true_peak_under_the_ceiling()
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        const int samples = 20 * 48_000;
        MixWindow mix = new(samples, 0);
        mix.Add(SpokenPcm.Mono(samples), 1, 3, 3);
        mix.Add(SpokenPcm.Stereo(samples), 2, 3, 3);
        mix.Add(SpokenPcm.Mono(samples, firstVoice: 1), 1, 3, 3);
        short[] pcm = mix.Finish(1, 1);
        Assert.Equal(samples * 2, pcm.Length);
        Assert.True(Judge(pcm, 2).TruePeak <= -1, $"{Judge(pcm, 2).TruePeak} dBTP");
    }

    [Fact]
    public void Quiet_mix_is_the_sum_of_its_tracks()
    {
        const int samples = 48_000;
        short[] first = SpokenPcm.Mono(samples), second = SpokenPcm.Mono(samples, firstVoice: 1);
        MixWindow mix = new(samples, 0);
        mix.Add(first, 1, 0.25, 0.25);
        mix.Add(second, 1, 0.25, 0.25);
        short[] pcm = mix.Finish(1, 1);
        for (int i = 0; i < samples; i++) Assert.InRange(pcm[2 * i] - ((first[i] + second[i]) * 0.25), -1.0, 1.0);
    }

    private (double Integrated, double TruePeak) Judge(short[] pcm, int channels)
    {
        string raw = folder.Combine("raw");
        File.WriteAllBytes(raw, SpokenPcm.Bytes(pcm));
        string said = ExternalTool.Run("ffmpeg", "-hide_banner", "-nostats", "-f", "s16le", "-ar", "48000", "-ac", $"{channels}", "-i", raw,
            "-af", "ebur128=peak=true", "-f", "null", "-");
        string summary = said[said.LastIndexOf("Summary", StringComparison.Ordinal)..];
        return (Number(Integrated().Match(summary)), Number(Peak().Match(summary)));
    }

    private static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"I:\s+(-?[0-9.]+) LUFS")]
    private static partial Regex Integrated();

    [GeneratedRegex(@"Peak:\s+(-?[0-9.]+) dBFS")]
    private static partial Regex Peak();
}
