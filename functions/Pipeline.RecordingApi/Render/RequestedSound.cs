using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Render;

/// <summary>Samples of a file that was asked for, window by window of its own. One reader at a time.</summary>
/// <param name="rows">Windows of the mix; null for a track.</param>
internal sealed class RequestedSound(SegmentPcm reader, RenderPlan plan, FileEntry entry, RenderedWindows? rows)
{
    private short[] buffer = [];
    private (int Window, ReadOnlyMemory<short> Pcm) last = (-1, default);

    public Stretch Stretch { get; } = entry.Cut ?? new Stretch(0, plan.TotalSamples);

    public int Channels => entry.Track?.Channels ?? 2;

    /// <summary>Samples in front of a window that its encoder hears first; plain samples want none.</summary>
    public int PreRoll(int window) => window == 0 || entry.Format == RenderFormat.Wav ? 0 : RenderWindows.PreRoll;

    /// <returns><c>[PreRoll + samples, channels]</c>, valid until the next call.</returns>
    public async Task<ReadOnlyMemory<short>> ReadAsync(int window, CancellationToken cancellation)
    {
        long start = Stretch.Start(window) - PreRoll(window);
        int samples = PreRoll(window) + Stretch.WindowSamples(window);
        if (buffer.Length < samples * Channels) buffer = new short[samples * Channels];
        Memory<short> pcm = buffer.AsMemory(0, samples * Channels);
        if (entry.Track is { } track) await reader.ReadAsync(track, start, samples, pcm, cancellation);
        else await ReadMixAsync(start, pcm, cancellation);
        return pcm;
    }

    /// <summary>Adds the gains that a window of the mix has: its bytes depend on them. Nothing of a track.</summary>
    public void AddGains(InputHash hash, int window)
    {
        if (rows is null) return;
        (MixLevels before, MixLevels levels) = Levels(rows, window);
        Add(before.Master, levels.Master);
        foreach (RenderTrack track in new WindowSound(reader, plan, window).TracksNearby)
        {
            Add(before.Tracks.GetValueOrDefault(track.UserId, MixLevel.Unity),
                levels.Tracks.GetValueOrDefault(track.UserId, MixLevel.Unity));
        }

        void Add(MixLevel previous, MixLevel level) => hash.Add(level.Behind(previous).From, level.Gain);
    }

    // Before the window, and as it has them.
    private static (MixLevels Before, MixLevels Own) Levels(RenderedWindows rows, int window)
    {
        MixLevels before = rows.LevelsBefore(window);
        return (before, rows.Mix.GetValueOrDefault(window)?.Levels ?? before);
    }

    // A stretch of the mix is cut from the windows as they were mixed, so that its samples are those of the whole.
    private async Task ReadMixAsync(long start, Memory<short> pcm, CancellationToken cancellation)
    {
        long end = start + (pcm.Length / 2);
        for (int window = (int)(start / RenderWindows.Samples); RenderWindows.Start(window) < end; window++)
        {
            if (last.Window != window) last = (window, await MixAsync(window, cancellation));
            long origin = RenderWindows.Start(window), from = Math.Max(start, origin), to = Math.Min(end, origin + (last.Pcm.Length / 2));
            last.Pcm[(int)((from - origin) * 2)..(int)((to - origin) * 2)].CopyTo(pcm[(int)((from - start) * 2)..]);
        }
    }

    // With the gains that the window has.
    private async Task<ReadOnlyMemory<short>> MixAsync(int window, CancellationToken cancellation)
    {
        WindowSound sound = new(reader, plan, window);
        (MixLevels before, MixLevels own) = Levels(rows!, window);
        Audio.Mix.MixWindow mix = sound.NewMix();
        foreach (RenderTrack track in sound.TracksNearby)
        {
            ReadOnlyMemory<short> pcm = (await sound.ReadAsync(track, cancellation)).Pcm;
            sound.Add(mix, track, pcm.Span, before, own);
        }
        return sound.Finish(mix, before, own).Pcm.AsMemory(sound.PreRoll * 2);
    }
}

/// <summary>A part of a recording that somebody wants as files of its own, in samples since the start.</summary>
internal readonly partial record struct Stretch(long From, long To)
{
    /// <summary>How the keys of all stretches begin, and of nothing else.</summary>
    public const string KeyPrefix = "cut-";

    public long Length => To - From;

    /// <summary>Windows of its files: they are cut from the stretch's own start.</summary>
    public int WindowCount => RenderWindows.Count(Length);

    /// <summary>Start of one of its windows in the recording.</summary>
    public long Start(int window) => From + RenderWindows.Start(window);

    /// <summary>Samples of one of its windows; the last may be short.</summary>
    public int WindowSamples(int window) => (int)Math.Min(RenderWindows.Samples, Length - RenderWindows.Start(window));

    /// <summary>Windows of the recording that it touches.</summary>
    public IEnumerable<int> Touched
    {
        get
        {
            int first = (int)(From / RenderWindows.Samples), last = (int)((To - 1) / RenderWindows.Samples);
            return Enumerable.Range(first, last - first + 1);
        }
    }

    /// <summary>Notes in it, from its start.</summary>
    public IEnumerable<RecordingNote> NotesOf(RenderPlan plan)
    {
        (long from, long to) = (From, To);
        // Behind the end of a recording lies nothing: a note at the very end belongs to it.
        bool isEnd = plan.IsFinal && to == plan.TotalSamples;
        return plan.Details.Notes.Where(note => note.Sample >= from && (isEnd || note.Sample < to))
            .Select(note => note with { Sample = Math.Min(note.Sample, to) - from });
    }

    /// <summary>The recording as if it were this stretch only, for texts.</summary>
    public RenderPlan Shown(RenderPlan plan) =>
        plan with { TotalSamples = Length, Details = plan.Details with { Notes = [.. NotesOf(plan)] } };

    /// <summary>The file of this stretch, made of the whole one.</summary>
    public FileEntry Of(FileEntry whole)
    {
        string stem = Path.GetFileNameWithoutExtension(whole.Name), ending = Path.GetExtension(whole.Name);
        return whole with
        {
            Key = KeyOf(whole.Key),
            Name = $"{stem} {Clock(From)}-{Clock(To)}{ending}",
            IsAutomatic = false,
            Cut = this,
        };
    }

    /// <summary>Of the stretch of the file with this key.</summary>
    public string KeyOf(string whole) => string.Create(CultureInfo.InvariantCulture, $"{KeyPrefix}{From}-{To}-{whole}");

    /// <summary>Reads a key that <see cref="Of"/> wrote.</summary>
    public static bool TryReadKey(string key, out Stretch stretch, out string whole)
    {
        Match match = Key().Match(key);
        whole = match.Groups[3].Value;
        stretch = default;
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out long from)
            || !long.TryParse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out long to) || to <= from) return false;
        stretch = new Stretch(from, to);
        return true;
    }

    // A colon is no part of a file's name on Windows.
    private static string Clock(long sample)
    {
        TimeSpan time = SampleClock.ToTime(sample);
        return string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}.{time.Minutes:D2}.{time.Seconds:D2}");
    }

    [GeneratedRegex("^cut-([0-9]{1,15})-([0-9]{1,15})-(.+)$")]
    private static partial Regex Key();
}
