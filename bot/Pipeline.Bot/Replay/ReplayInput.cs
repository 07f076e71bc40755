using Pipeline.Audio.Ogg;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>Checks the files before anything is recorded.</summary>
internal static class ReplayInput
{
    /// <summary>Reads each file to its end. The answer is the length of the call, pauses and repetitions counted.</summary>
    /// <exception cref="ReplayInputException">A file is missing, empty, cut off or no Ogg Opus.</exception>
    public static TimeSpan Measure(ReplayOptions options)
    {
        TimeSpan longest = TimeSpan.Zero;
        foreach (IGrouping<string, ReplaySpeaker> file in options.Speakers.GroupBy(speaker => speaker.File))
        {
            TimeSpan length = Length(file.Key);
            foreach (ReplaySpeaker speaker in file) longest = longest > speaker.Start + length ? longest : speaker.Start + length;
        }
        return options.RepeatFor > TimeSpan.Zero ? options.RepeatFor : longest;
    }

    private static TimeSpan Length(string file)
    {
        long samples = 0;
        try
        {
            using FileStream input = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 65_536,
                FileOptions.SequentialScan);
            OggOpusReader reader = new(input);
            while (reader.TryRead(out OggOpusPacket packet)) samples += packet.Samples;
        }
        catch (Exception unreadable) when (DiskFailure.Is(unreadable) || unreadable is OggFormatException)
        {
            throw new ReplayInputException(file, unreadable is OggFormatException ? unreadable.Message : Cause.OfFile(unreadable));
        }
        return samples > 0 ? SampleClock.ToTime(samples) : throw new ReplayInputException(file, "it holds no audio");
    }
}

/// <summary>A file that cannot be replayed.</summary>
internal sealed class ReplayInputException(string file, string problem)
    : Exception($"{file}: {problem.TrimEnd('.')}; expected an Ogg Opus file (for example from opusenc)");
