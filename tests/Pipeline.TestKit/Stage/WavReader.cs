using System.Runtime.InteropServices;
using NAudio.Wave;
using Pipeline.Audio.Wav;

namespace Pipeline.TestKit.Stage;

/// <summary>Reads 16-bit PCM WAV files whole into memory, by NAudio: what we write is judged by somebody else's reader.</summary>
public static class WavReader
{
    /// <returns>The format and the values <c>[samples, channels]</c>.</returns>
    public static (WavFormat Format, short[] Pcm) Read(string path)
    {
        using WaveFileReader file = new(path);
        if (file.WaveFormat.BitsPerSample != 16) throw new InvalidDataException($"{path}: {file.WaveFormat}");
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return (new WavFormat(file.WaveFormat.Channels, file.WaveFormat.SampleRate), MemoryMarshal.Cast<byte, short>(bytes).ToArray());
    }
}
