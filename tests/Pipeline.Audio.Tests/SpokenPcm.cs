using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests;

/// <summary>The committed speech as samples, and other sounds to encode.</summary>
internal static class SpokenPcm
{
    private static readonly string[] Names = ["ada", "grace", "linus"];

    /// <summary>All voices one after the other, again and again; mono.</summary>
    public static short[] Mono(int samples, int firstVoice = 0)
    {
        short[] all = new short[samples];
        int at = 0;
        using LibopusDecoder decoder = new(1);
        short[] pcm = new short[OpusPacket.MaximumSamples];
        for (int turn = firstVoice; at < samples; turn++)
        {
            using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", Names[turn % Names.Length] + ".opus"));
            OggOpusReader reader = new(file);
            while (at < samples && reader.TryRead(out OggOpusPacket packet))
            {
                decoder.Decode(packet.Opus, pcm, out int count);
                count = Math.Min(count, samples - at);
                pcm.AsSpan(0, count).CopyTo(all.AsSpan(at));
                at += count;
            }
        }
        return all;
    }

    /// <summary>One voice left, the same a little later and softer on the right.</summary>
    public static short[] Stereo(int samples)
    {
        short[] mono = Mono(samples);
        short[] pcm = new short[samples * 2];
        for (int i = 0; i < samples; i++) (pcm[2 * i], pcm[(2 * i) + 1]) = (mono[i], (short)(i < 20 ? 0 : mono[i - 20] * 3 / 4));
        return pcm;
    }

    public static short[] Twice(short[] mono)
    {
        short[] pcm = new short[mono.Length * 2];
        for (int i = 0; i < mono.Length; i++) pcm[2 * i] = pcm[(2 * i) + 1] = mono[i];
        return pcm;
    }

    public static byte[] Bytes(ReadOnlySpan<short> pcm) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(pcm).ToArray();
}
