using System.Globalization;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>
/// A call of the committed voices, as the command line of <c>replay</c> and as what must be heard in the recording: the loudness of
/// every 10 ms of each speaker, decoded straight from the files.
/// </summary>
internal sealed class SpokenCall
{
    /// <summary>10 ms at 48 kHz.</summary>
    public const int WindowSamples = 480;

    /// <summary>Louder than this (RMS of s16) is speech that somebody would miss.</summary>
    public const double Audible = 200;

    private static readonly string[] Voices = ["ada", "grace", "linus"];
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(500);

    private readonly List<double[]> loudness = [];

    private SpokenCall(int speakers, TimeSpan length) => (Speakers, Length) = (speakers, length);

    public int Speakers { get; }
    public TimeSpan Length { get; }

    /// <summary>RMS per window since the start of the call, by place in the command line.</summary>
    public IReadOnlyList<double[]> Loudness => loudness;

    public static string UserId(int speaker) => (100_000_000_000_000_001UL + (ulong)speaker).ToString(CultureInfo.InvariantCulture);

    public static SpokenCall Of(int speakers, TimeSpan length)
    {
        SpokenCall call = new(speakers, length);
        for (int speaker = 0; speaker < speakers; speaker++) call.loudness.Add(Decode(File(speaker), Stagger * speaker, length));
        return call;
    }

    public IEnumerable<string> Arguments()
    {
        for (int speaker = 0; speaker < Speakers; speaker++)
        {
            yield return "--speaker";
            yield return string.Create(CultureInfo.InvariantCulture,
                $"Voice {speaker + 1}={File(speaker)}@{Stagger.TotalMilliseconds * speaker}ms");
        }
        yield return "--repeat-for";
        yield return string.Create(CultureInfo.InvariantCulture, $"{Length.TotalMilliseconds}ms");
    }

    /// <summary>Adds the loudness of mono or stereo s16 values to windows; returns how many windows they fill.</summary>
    public static int Measure(ReadOnlySpan<short> values, int channels, Span<double> windows)
    {
        int count = Math.Min(windows.Length, values.Length / channels / WindowSamples);
        for (int window = 0; window < count; window++)
        {
            double sum = 0;
            foreach (short value in values.Slice(window * WindowSamples * channels, WindowSamples * channels)) sum += (double)value * value;
            windows[window] = Math.Sqrt(sum / (WindowSamples * channels));
        }
        return count;
    }

    private static string File(int speaker) => RepositoryRoot.Combine("tests", "speech", $"{Voices[speaker % Voices.Length]}.opus");

    private static double[] Decode(string path, TimeSpan start, TimeSpan length)
    {
        double[] windows = new double[(int)(length.TotalMilliseconds / 10) + 100];
        int at = (int)(start.TotalMilliseconds / 10);
        int end = (int)(length.TotalMilliseconds / 10);
        short[] pcm = new short[OpusPacket.MaximumSamples];
        using LibopusDecoder decoder = new(1);
        while (at < end)
        {
            using FileStream file = System.IO.File.OpenRead(path);
            OggOpusReader reader = new(file);
            while (at < end && reader.TryRead(out OggOpusPacket packet))
            {
                decoder.Decode(packet.Opus, pcm, out int samples);
                at += Measure(pcm.AsSpan(0, samples), 1, windows.AsSpan(at));
            }
        }
        return windows;
    }
}
