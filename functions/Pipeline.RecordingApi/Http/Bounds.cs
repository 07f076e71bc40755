using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Pipeline.RecordingApi.Http;

/// <summary>
/// What a request may hold, by the names that the fields have everywhere: said here once, checked by <see cref="FieldErrors"/>, and written
/// into the OpenAPI document.
/// </summary>
internal static partial class Bounds
{
    /// <summary>UTF-16 units of a name or title of any length in characters: one character may be made of many.</summary>
    public const int MostUnits = 400;

    public const int LongestFileName = 255;
    public const int LongestPath = 600;
    public const int LongestAddress = 2_048;

    /// <summary>Unix ms of the year 2100, excluded.</summary>
    public const long EndOfTime = 4_102_444_800_000;

    // Five TiB: more than any one file, and a list of them can be added up.
    private const long LargestFile = 5L << 40;

    /// <summary>Days after its start within which a recording is over: the setting of the bot allows 7.</summary>
    public const int MostDays = 31;

    /// <summary>The same in milliseconds. What is longer is rendered for ever, or overflows where it is counted in samples.</summary>
    public const long LongestRecording = MostDays * 24L * 3600 * 1000;

    /// <summary>The same in seconds: what may be asked for by time.</summary>
    public const long LastSecond = LongestRecording / 1000;

    private static readonly Dictionary<string, Bound> All = new()
    {
        ["title"] = new(0, 100),
        ["guildName"] = new(1, 100),
        ["channelName"] = new(1, 100),
        ["username"] = new(1, 100),
        ["segmentIndex"] = new(0, int.MaxValue),
        ["fileIndex"] = new(0, int.MaxValue),
        ["fileSize"] = new(1, LargestFile),
        ["totalSize"] = new(0, long.MaxValue),
        ["participantCount"] = new(0, 100_000),
        ["missingSegmentCount"] = new(0, int.MaxValue),
        ["duration"] = new(0, LongestRecording),
        ["sessionStartTime"] = new(0, EndOfTime - 1),
        ["sessionEndTime"] = new(0, EndOfTime - 1),
        ["absoluteStartTime"] = new(0, EndOfTime - 1),
        ["absoluteEndTime"] = new(0, EndOfTime - 1),
        ["startSample"] = new(0, LongestRecording * 48),
        ["sampleCount"] = new(0, LongestRecording * 48),
        ["sample"] = new(0, LongestRecording * 48),
        ["channels"] = new(1, 8),
        // Each number has eight digits where it is kept. A thousand people who talk for seven days have 60,480,000 segments of 10 s.
        ["first"] = new(0, 99_999_999),
        // As many, in parts of 5,000; parts have fewer where names are long.
        ["parts"] = new(1, 20_000),
    };

    // The longest that a text option of Discord holds.
    private const int LongestText = 6_000;

    // UTF-16 units of the texts of a recording's end, which is kept as it came.
    private static readonly Dictionary<string, int> OfEnd = new()
    {
        ["missingSegments.reason"] = MostUnits,
        ["gaps.reason"] = MostUnits,
        ["notes.text"] = LongestText,
        ["notes.username"] = MostUnits,
        ["consent.mode"] = MostUnits,
        ["consent.texts"] = LongestText,
        ["consent.entries.username"] = MostUnits,
        ["consent.entries.choice"] = MostUnits,
        ["consent.entries.button"] = LongestText,
    };

    /// <summary>Of a number its least and greatest value; of a text its characters as a reader counts them.</summary>
    /// <param name="field">With or without the way to it: <c>segments[3].duration</c>.</param>
    public static Bound Of(string field) => All[Name(field)];

    /// <summary>Null for a field that has none.</summary>
    public static Bound? Find(string field) => All.TryGetValue(Name(field), out Bound bound) ? bound : null;

    /// <summary>The longest that a text of a recording's end may be, in UTF-16 units.</summary>
    /// <param name="field">With the way to it, and with or without places in lists: <c>notes[3].text</c>.</param>
    /// <returns>Null for a field that is no such text.</returns>
    public static int? LengthOf(string field) => OfEnd.TryGetValue(Places().Replace(field, ""), out int most) ? most : null;

    /// <summary>A text for people as it is kept: on one line, without control characters and without those that turn the direction of
    /// writing.</summary>
    /// <returns>Null where nothing is left.</returns>
    public static string? Clean(string? text)
    {
        if (text is null) return null;
        StringBuilder clean = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsBreak(rune)) clean.Append(' ');
            else if (!Rune.IsControl(rune) && !TurnsDirection(rune)) clean.Append(rune.ToString());
        }
        string kept = clean.ToString().Trim();
        return kept.Length == 0 ? null : kept;
    }

    /// <summary>True for a text in which nothing but spaces around it would be cleaned.</summary>
    public static bool IsPlain(string text) =>
        !text.EnumerateRunes().Any(rune => IsBreak(rune) || Rune.IsControl(rune) || TurnsDirection(rune));

    private static bool IsBreak(Rune rune) => rune.Value is '\t' or '\n' or '\r'
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    // Unicode Bidi_Control (UAX #9 §2): marks, embeddings, overrides, isolates.
    private static bool TurnsDirection(Rune rune) =>
        rune.Value is 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);

    private static string Name(string field) => field[(field.LastIndexOf('.') + 1)..];

    [GeneratedRegex(@"\[[0-9]+\]")]
    private static partial Regex Places();
}

/// <param name="Least">Included.</param>
/// <param name="Most">Included.</param>
internal readonly record struct Bound(long Least, long Most);
