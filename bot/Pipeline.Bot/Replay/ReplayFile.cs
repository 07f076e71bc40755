using System.Globalization;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Audio.Wav;

namespace Pipeline.Bot.Replay;

/// <summary>
/// One file, read once to its end: its length, what it lacks, and its packets. A short file's packets are kept and shared by all who
/// speak from it, because it is repeated for hours; a long one is read from disk by each.
/// </summary>
internal sealed class ReplayFile
{
    private const long LongestInMemory = 4 << 20;

    // What an encoder looks ahead: packets of a file with more to skip, or to leave out of its last one, are decoded and encoded again.
    private const int LongestLookAhead = 960;

    private readonly string path;
    private readonly OpusCodecs codecs;
    private readonly Kind kind;
    private readonly List<Kept>? packets;

    /// <exception cref="OggFormatException">No Ogg Opus.</exception>
    /// <exception cref="SoundFormatException">A WAV or AIFF file that cannot be read.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public ReplayFile(string path, OpusCodecs codecs)
    {
        (this.path, this.codecs) = (path, codecs);
        kind = IsSound() ? MeasureSound() : MeasureOgg();
        using IReplaySource source = Open();
        if (new FileInfo(path).Length <= LongestInMemory) packets = [.. ReadAll(source)];
        if (packets is { Count: > 0 }) LeadIn = Math.Max(0, packets[0].Missing - packets[0].Position);
        else if (source.TryRead(out ReplayPacket first)) LeadIn = Math.Max(0, first.Missing - first.Position);
    }

    private enum Kind
    {
        /// <summary>Packets of Ogg Opus, as they are.</summary>
        Opus,

        /// <summary>Ogg Opus that asks a player to change what is decoded, or to mix it.</summary>
        PlayedOpus,

        /// <summary>WAV or AIFF.</summary>
        Sound,
    }

    /// <summary>Samples from its first audible one to its last.</summary>
    public long Length { get; private set; }

    /// <summary>Samples by which its first packet, lost ones counted, begins before its first audible sample.</summary>
    public long LeadIn { get; }

    /// <summary>What is wrong with it, in one line; null when nothing is.</summary>
    public string? Warning { get; private set; }

    public Cursor Begin() => new(this);

    private static IEnumerable<Kept> ReadAll(IReplaySource source)
    {
        while (TryKeep(source, out Kept kept)) yield return kept;
    }

    private static bool TryKeep(IReplaySource source, out Kept kept)
    {
        bool isThere = source.TryRead(out ReplayPacket packet);
        kept = isThere ? new Kept(packet.Opus.ToArray(), packet.Samples, packet.Position, packet.Missing) : default;
        return isThere;
    }

    private bool IsSound()
    {
        Span<byte> start = stackalloc byte[4];
        using FileStream input = OpenFile();
        return SoundFileReader.IsKnown(start[..input.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
    }

    private Kind MeasureSound()
    {
        using FileStream input = OpenFile();
        SoundFileReader reader = new(input);
        Length = reader.Length;
        if (reader.IsCutOff) Warning = "the file does not say where its samples end, or ends before them: what is there is taken";
        return Kind.Sound;
    }

    private Kind MeasureOgg()
    {
        using FileStream input = OpenFile();
        OggOpusReader reader = new(input);
        long missing = 0;
        bool isPlayed = false;
        while (reader.TryRead(out OggOpusPacket packet))
        {
            if (packet.EndTrim < packet.Samples) Length = Math.Max(Length, packet.Position + packet.Samples - packet.EndTrim);
            isPlayed |= packet.EndTrim > LongestLookAhead && packet.EndTrim < packet.Samples;
            missing += packet.Missing;
            isPlayed |= packet.BeginsStream && (reader.Streams > 1 || reader.Head.Layout is not null || reader.Head.OutputGain != 0
                || reader.Head.PreSkip > LongestLookAhead);
        }
        if (reader.Damages is { Count: > 0 } damages) Warning = Describe(damages, missing);
        return isPlayed ? Kind.PlayedOpus : Kind.Opus;
    }

    private static string Describe(OggDamages damages, long missing) => string.Create(CultureInfo.InvariantCulture,
        $"damaged in {damages.Count} {(damages.Count == 1 ? "place" : "places")}, {missing / 48_000.0:F2} s are missing, marked as gaps: ")
        + string.Join("; ", damages.Named.Take(3)) + (damages.Count > 3 ? "; …" : "");

    private IReplaySource Open() => kind switch
    {
        Kind.Opus => new OggReplaySource(OpenFile()),
        Kind.PlayedOpus => new EncodedReplaySource(new OggPcmInput(OpenFile(), codecs), codecs),
        _ => new EncodedReplaySource(new SoundFileInput(OpenFile()), codecs),
    };

    private FileStream OpenFile() =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 65_536, FileOptions.SequentialScan);

    /// <summary>A packet in memory.</summary>
    private readonly record struct Kept(byte[] Opus, int Samples, long Position, long Missing);

    /// <summary>One speaker's place in the file.</summary>
    public sealed class Cursor(ReplayFile file) : IDisposable
    {
        private IReplaySource? source;
        private int next;

        /// <summary>The next packet; its bytes stay valid until the next call. False at the end of the file.</summary>
        public bool TryRead(out ReplayPacket packet)
        {
            if (file.packets is null) return (source ??= file.Open()).TryRead(out packet);
            packet = default;
            if (next == file.packets.Count) return false;
            (byte[] opus, int samples, long position, long missing) = file.packets[next++];
            packet = new ReplayPacket { Opus = opus, Samples = samples, Position = position, Missing = missing };
            return true;
        }

        public void Rewind()
        {
            source?.Dispose();
            (source, next) = (null, 0);
        }

        public void Dispose() => source?.Dispose();
    }
}
