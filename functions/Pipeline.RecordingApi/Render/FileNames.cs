using System.Globalization;
using System.Text;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Names of downloads: <c>01-Ada Lovelace.flac</c>. Any Unicode, but nothing that Windows, macOS or Linux refuses in a file's name or
/// that shows another name than it is.
/// </summary>
internal static class FileNames
{
    public const string Mix = "mix";

    /// <summary>UTF-8 bytes of the name part: a file's name has at most 255, and a number and an ending join it.</summary>
    private const int LongestBytes = 200;
    private const string Refused = "\"*/:<>?\\|";

    public static string Track(RenderTrack track) =>
        string.Create(CultureInfo.InvariantCulture, $"{track.Number:D2}-{Clean(track.Username)}");

    /// <summary>The name as a part of a file's name; a number in front keeps two people of one name, and CON and NUL, apart.</summary>
    public static string Clean(string name)
    {
        StringBuilder clean = new();
        int bytes = 0;
        TextElementEnumerator elements = StringInfo.GetTextElementEnumerator(Whole(name));
        while (elements.MoveNext())
        {
            string element = Allowed(elements.GetTextElement());
            int length = Encoding.UTF8.GetByteCount(element);
            if (bytes + length > LongestBytes) break;
            bytes += length;
            clean.Append(element);
        }
        string text = clean.ToString().Trim().TrimEnd('.', ' ');
        return text.Length > 0 ? text : "_";
    }

    /// <summary>A name as a tag's value: short, on one line.</summary>
    public static string Tag(string text)
    {
        string line = Line(text);
        return line.Length <= 200 ? line : Clean(line);
    }

    /// <summary>A text as it is, on one line.</summary>
    public static string Line(string text) =>
        string.Concat(Whole(text).ReplaceLineEndings(" ").Select(character => char.IsControl(character) ? ' ' : character));

    /// <summary>For fields that know nothing but ASCII.</summary>
    public static string Ascii(string text, int longest)
    {
        string ascii = string.Concat(text.Select(character => character is >= ' ' and <= '~' ? character : '?'));
        return ascii.Length <= longest ? ascii : ascii[..longest];
    }

    // A lone surrogate is no text: it becomes the sign for that.
    private static string Whole(string name) => string.Concat(name.EnumerateRunes().Select(rune => rune.ToString()));

    private static string Allowed(string element)
    {
        StringBuilder allowed = new(element.Length);
        foreach (Rune rune in element.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            bool joins = rune.Value == 0x200D; // joins emoji
            if (category is UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator) continue;
            if (category == UnicodeCategory.Format && !joins) continue; // marks of direction turn a name around
            if (rune.IsAscii && Refused.Contains((char)rune.Value)) allowed.Append('_');
            else allowed.Append(rune.ToString());
        }
        return allowed.ToString();
    }
}

/// <summary>Names of formats, which are also the files' endings.</summary>
internal static class RenderFormat
{
    public const string Flac = "flac";
    public const string Opus = "opus";
    public const string Mp3 = "mp3";
    public const string Wav = "wav";

    public static IReadOnlyList<string> All { get; } = [Flac, Opus, Mp3, Wav];

    public static string ContentType(string format) => format switch
    {
        Flac => "audio/flac",
        Opus => "audio/ogg; codecs=opus",
        Mp3 => "audio/mpeg",
        Wav => "audio/wav",
        "zip" => "application/zip",
        "json" => "application/json; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
}
