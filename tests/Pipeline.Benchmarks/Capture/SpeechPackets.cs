using Pipeline.Audio.Ogg;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks.Capture;

/// <summary>The committed speech samples as Opus packets of 20 ms, one after the other.</summary>
internal static class SpeechPackets
{
    public static byte[][] Load()
    {
        List<byte[]> packets = [];
        foreach (string name in (string[])["ada", "grace", "linus"])
        {
            using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", name + ".opus"));
            OggOpusReader reader = new(file);
            while (reader.TryRead(out OggOpusPacket packet))
            {
                if (packet.Samples == 960) packets.Add(packet.Opus.ToArray());
            }
        }
        return [.. packets];
    }
}
