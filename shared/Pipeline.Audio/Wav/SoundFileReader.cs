using NAudio.Dsp;
using NAudio.Wave;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Wav;

/// <summary>
/// Reads people's WAV and AIFF files by NAudio: any sample rate, 8 to 32 bits or floats, RF64 and BW64. Gives s16 at 48 kHz in mono or
/// stereo; more than two channels are mixed to one. Memory does not grow with the file.
/// </summary>
public sealed class SoundFileReader
{
    // Taps of the resampler: images and aliases lie under 90 dB.
    private const int SincTaps = 64;
    private const int SincSteps = 128;

    private readonly ISampleProvider samples;
    private readonly int sourceChannels;
    private readonly WdlResampler? resampler;
    private float[] source = [];
    private float[] mixed = [];
    private long given;

    /// <param name="input">Seekable; stays the caller's.</param>
    /// <exception cref="SoundFormatException">Not a file that can be read.</exception>
    public SoundFileReader(Stream input)
    {
        SoundFileHeader header = SoundFileHeader.Read(input);
        IsCutOff = header.IsCutOff;
        samples = new SoundFileStream(input, header).ToSamples();
        sourceChannels = header.Channels;
        Channels = sourceChannels == 2 ? 2 : 1;
        int rate = header.SampleRate;
        Length = ((header.SampleCount * OpusPacket.SampleRate) + (rate / 2)) / rate;
        if (rate == OpusPacket.SampleRate) return;
        resampler = new WdlResampler();
        resampler.SetMode(true, 0, true, SincTaps, SincSteps);
        resampler.SetFilterParms(0.693f, 0.707f);
        resampler.SetFeedMode(false);
        resampler.SetRates(rate, OpusPacket.SampleRate);
    }

    /// <summary>1 or 2.</summary>
    public int Channels { get; }

    /// <summary>Samples per channel at 48 kHz.</summary>
    public long Length { get; }

    /// <summary>The file ends before its samples do, or does not say how many there are.</summary>
    public bool IsCutOff { get; }

    /// <summary>The first four bytes say that this reader is the right one.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> start) => SoundFileHeader.IsKnown(start);

    /// <param name="pcm"><c>[samples, channels]</c>; filled but for the last time.</param>
    /// <returns>Samples per channel; 0 at the end.</returns>
    public int Read(Span<short> pcm)
    {
        int wanted = (int)Math.Min(pcm.Length / Channels, Length - given);
        if (wanted <= 0) return 0;
        if (mixed.Length < wanted * Channels) mixed = new float[wanted * Channels];
        Span<float> result = mixed.AsSpan(0, wanted * Channels);
        result.Clear(); // what the file says and does not have is silence
        if (resampler is null) ReadMixed(result);
        else Resample(resampler, result);
        FloatSamples.ToInt16(result, pcm);
        given += wanted;
        return wanted;
    }

    private void Resample(WdlResampler by, Span<float> result)
    {
        int done = 0, wanted = result.Length / Channels;
        while (done < wanted)
        {
            int needed = by.ResamplePrepare(wanted - done, Channels, out Span<float> window);
            Span<float> part = window[..(needed * Channels)];
            part.Clear(); // behind the end the filter needs zeros to give its last samples
            ReadMixed(part);
            int made = by.ResampleOut(result[(done * Channels)..], needed, wanted - done, Channels);
            if (made == 0) return;
            done += made;
        }
    }

    // Fills as much as the file has.
    private void ReadMixed(Span<float> target)
    {
        int done = 0, wanted = target.Length / Channels;
        while (done < wanted)
        {
            int part = Math.Min(wanted - done, 4800);
            if (source.Length < part * sourceChannels) source = new float[part * sourceChannels];
            int read = samples.Read(source.AsSpan(0, part * sourceChannels)) / sourceChannels;
            if (read == 0) return;
            Mix(source.AsSpan(0, read * sourceChannels), target.Slice(done * Channels, read * Channels));
            done += read;
        }
    }

    private void Mix(ReadOnlySpan<float> from, Span<float> to)
    {
        if (sourceChannels == Channels)
        {
            from.CopyTo(to);
            return;
        }
        for (int i = 0; i < to.Length; i++)
        {
            float sum = 0;
            foreach (float value in from.Slice(i * sourceChannels, sourceChannels)) sum += value;
            to[i] = sum / sourceChannels;
        }
    }
}
