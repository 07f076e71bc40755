using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Rig;

/// <summary>The committed voices as samples.</summary>
internal static class Speech
{
    /// <summary>One voice, again and again.</summary>
    public static short[] Of(string voice, int samples, int channels = 1)
    {
        List<short> pcm = [];
        using LibopusDecoder decoder = new(1);
        short[] part = new short[OpusPacket.MaximumSamples];
        while (pcm.Count < samples)
        {
            using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", voice + ".opus"));
            OggOpusReader reader = new(file);
            while (pcm.Count < samples && reader.TryRead(out OggOpusPacket packet))
            {
                decoder.Decode(packet.Opus, part, out int count);
                pcm.AddRange(part.AsSpan(0, count));
            }
        }
        short[] mono = [.. pcm.Take(samples)];
        if (channels == 1) return mono;
        return [.. mono.SelectMany((value, at) => new[] { value, at < 30 ? (short)0 : mono[at - 30] })];
    }
}
