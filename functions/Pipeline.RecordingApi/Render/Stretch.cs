using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Render;

/// <summary>A part of a recording that somebody wants as files of its own, in samples since the start.</summary>
internal readonly partial record struct Stretch(long From, long To)
{
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
    public IEnumerable<RecordingNote> NotesOf(RecordingDetails details)
    {
        (long from, long to) = (From, To);
        return details.Notes.Where(note => note.Sample >= from && note.Sample < to)
            .Select(note => note with { Sample = note.Sample - from });
    }

    /// <summary>The recording as if it were this stretch only, for texts.</summary>
    public RenderPlan Shown(RenderPlan plan) =>
        plan with { TotalSamples = Length, Details = plan.Details with { Notes = [.. NotesOf(plan.Details)] } };

    /// <summary>The file of this stretch, made of the whole one.</summary>
    public FileEntry Of(FileEntry whole)
    {
        string stem = Path.GetFileNameWithoutExtension(whole.Name), ending = Path.GetExtension(whole.Name);
        return whole with
        {
            Key = string.Create(CultureInfo.InvariantCulture, $"cut-{From}-{To}-{whole.Key}"),
            Name = $"{stem} {Clock(From)}-{Clock(To)}{ending}",
            IsAutomatic = false,
            Cut = this,
        };
    }

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
