using Pipeline.Audio.Ogg;

namespace Pipeline.Bot.Replay;

/// <summary>
/// The packets of one file. A short file is read once and shared by all who speak from it, because it is repeated for hours;
/// a long one is read from disk by each.
/// </summary>
internal sealed class ReplayFile
{
    private const long LongestInMemory = 4 << 20;

    private readonly string path;
    private readonly List<(byte[] Opus, int Samples)>? packets;

    public ReplayFile(string path)
    {
        this.path = path;
        if (new FileInfo(path).Length > LongestInMemory) return;
        packets = [];
        using FileStream input = Open();
        OggOpusReader reader = new(input);
        while (reader.TryRead(out OggOpusPacket packet)) packets.Add((packet.Opus.ToArray(), packet.Samples));
    }

    public Cursor Begin() => new(this);

    private FileStream Open() => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 16_384, FileOptions.SequentialScan);

    /// <summary>One speaker's place in the file.</summary>
    public sealed class Cursor(ReplayFile file) : IDisposable
    {
        private FileStream? input;
        private OggOpusReader? reader;
        private int next;

        /// <summary>The next packet; its bytes stay valid until the next call. False at the end of the file.</summary>
        public bool TryRead(out ReadOnlySpan<byte> opus, out int samples)
        {
            if (file.packets is not null) return TryReadMemory(file.packets, out opus, out samples);
            reader ??= new OggOpusReader(input = file.Open());
            opus = default;
            samples = 0;
            if (!reader.TryRead(out OggOpusPacket packet)) return false;
            opus = packet.Opus;
            samples = packet.Samples;
            return true;
        }

        public void Rewind()
        {
            input?.Dispose();
            (input, reader, next) = (null, null, 0);
        }

        public void Dispose() => input?.Dispose();

        private bool TryReadMemory(List<(byte[] Opus, int Samples)> packets, out ReadOnlySpan<byte> opus, out int samples)
        {
            opus = default;
            samples = 0;
            if (next == packets.Count) return false;
            opus = packets[next].Opus;
            samples = packets[next++].Samples;
            return true;
        }
    }
}
