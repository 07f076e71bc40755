using Pipeline.Audio.Wav;

namespace Pipeline.Bot.Replay;

/// <summary>A WAV or AIFF file: one stretch from its start to its end.</summary>
internal sealed class SoundFileInput(Stream input) : IPcmInput
{
    private const int Samples = 4800;

    private readonly SoundFileReader reader = new(input);
    private readonly short[] pcm = new short[Samples * 2];
    private long position;

    public int Channels => reader.Channels;

    public bool TryRead(out PcmStretch stretch)
    {
        int samples = reader.Read(pcm.AsSpan(0, Samples * Channels));
        stretch = new PcmStretch(pcm.AsMemory(0, samples * Channels), position, 0);
        position += samples;
        return samples > 0;
    }

    public void Dispose() => input.Dispose();
}
