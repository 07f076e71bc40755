using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Audio.Wav;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>The files of a call, read before anything is recorded.</summary>
internal sealed class ReplayInput
{
    private readonly Dictionary<string, ReplayFile> files;

    private ReplayInput(Dictionary<string, ReplayFile> files, ReplayOptions options)
    {
        this.files = files;
        foreach (ReplaySpeaker speaker in options.Speakers)
        {
            ReplayFile file = files[speaker.File];
            TimeSpan end = speaker.Start + SampleClock.ToTime(file.Length);
            if (end > Length) Length = end;
            LeadIn = Math.Max(LeadIn, file.LeadIn - SampleClock.ToSamples(speaker.Start));
        }
        if (options.RepeatFor > TimeSpan.Zero) Length = options.RepeatFor;
    }

    /// <summary>Of the call, pauses and repetitions counted.</summary>
    public TimeSpan Length { get; }

    /// <summary>
    /// Samples that the call begins before its files do, the same for all of them: a packet begins before its sound by what its encoder
    /// looks ahead.
    /// </summary>
    public long LeadIn { get; }

    /// <summary>One line per file that is not whole.</summary>
    public IEnumerable<string> Warnings =>
        files.Where(file => file.Value.Warning is not null).Select(file => $"{file.Key}: {file.Value.Warning}");

    /// <summary>Reads each file to its end.</summary>
    /// <exception cref="ReplayInputException">A file is missing, empty or of another kind.</exception>
    public static ReplayInput Read(ReplayOptions options, OpusCodecs codecs) =>
        new(options.Speakers.Select(speaker => speaker.File).Distinct().ToDictionary(path => path, path => ReadOne(path, codecs)), options);

    public ReplayFile FileOf(ReplaySpeaker speaker) => files[speaker.File];

    private static ReplayFile ReadOne(string path, OpusCodecs codecs)
    {
        if (Directory.Exists(path)) throw new ReplayInputException($"{path}: this is a folder; a file is needed");
        try
        {
            ReplayFile file = new(path, codecs);
            return file.Length > 0 ? file : throw new ReplayInputException($"{path}: there is no audio in it");
        }
        catch (Exception unreadable) when (unreadable is OggFormatException or SoundFormatException)
        {
            throw new ReplayInputException($"{path}: {unreadable.Message}; Ogg Opus, WAV (PCM) and AIFF files can be read");
        }
        catch (Exception unreadable) when (DiskFailure.Is(unreadable))
        {
            throw new ReplayInputException($"{path}: {Cause.OfFile(unreadable)}");
        }
    }
}

/// <summary>A file that cannot be replayed.</summary>
internal sealed class ReplayInputException(string problem) : Exception(problem);
