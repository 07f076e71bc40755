using Pipeline.Audio.Ogg;

namespace Pipeline.Bot.Replay;

/// <summary>The packets of an Ogg Opus file as they are. Whole packets behind its end are left out.</summary>
internal sealed class OggReplaySource(Stream input) : IReplaySource
{
    private readonly OggOpusReader reader = new(input);

    public bool TryRead(out ReplayPacket packet)
    {
        packet = default;
        OggOpusPacket read;
        do
        {
            if (!reader.TryRead(out read)) return false;
        }
        while (read.EndTrim == read.Samples);
        packet = new ReplayPacket { Opus = read.Opus, Samples = read.Samples, Position = read.Position, Missing = read.Missing };
        return true;
    }

    public void Dispose() => input.Dispose();
}
