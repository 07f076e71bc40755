using System.Globalization;
using Pipeline.Contracts;

namespace Pipeline.Bot.Panel;

/// <summary>How single things are written in Discord's text: mentions, times, lengths.</summary>
internal static class Wording
{
    /// <summary>So many people fit into one line of the panel beside others.</summary>
    public const int MostNamed = 10;

    public static string User(ulong id) => string.Create(CultureInfo.InvariantCulture, $"<@{id}>");

    /// <summary>People, named in their order.</summary>
    /// <param name="most">Of those beyond it only the number is told.</param>
    public static string Users(IEnumerable<ulong> users, int most = MostNamed)
    {
        ulong[] all = [.. users];
        string named = string.Join(", ", all.Take(most).Select(User));
        return all.Length > most ? $"{named} and {Number(all.Length - most)} more" : named;
    }

    public static string Role(ulong id) => string.Create(CultureInfo.InvariantCulture, $"<@&{id}>");

    public static string Channel(ulong id) => string.Create(CultureInfo.InvariantCulture, $"<#{id}>");

    /// <summary>Shown in the reader's own time zone.</summary>
    public static string Time(DateTimeOffset time) => string.Create(CultureInfo.InvariantCulture, $"<t:{time.ToUnixTimeSeconds()}:T>");

    public static string Date(DateTimeOffset time) => string.Create(CultureInfo.InvariantCulture, $"<t:{time.ToUnixTimeSeconds()}:f>");

    /// <summary>"in 5 seconds", kept up to date by the reader's client.</summary>
    public static string Relative(DateTimeOffset time) => string.Create(CultureInfo.InvariantCulture, $"<t:{time.ToUnixTimeSeconds()}:R>");

    /// <summary>hh:mm:ss, hours counting on past 24.</summary>
    public static string Clock(TimeSpan length)
    {
        TimeSpan shown = length < TimeSpan.Zero ? TimeSpan.Zero : length;
        return string.Create(CultureInfo.InvariantCulture, $"{(long)shown.TotalHours:D2}:{shown.Minutes:D2}:{shown.Seconds:D2}");
    }

    /// <summary>A position in a recording as hh:mm:ss.</summary>
    public static string Position(long samples) => Clock(SampleClock.ToTime(Math.Max(0, samples)));

    public static string Seconds(TimeSpan length) => Math.Max(0, Math.Round(length.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    public static string Bytes(long bytes) => bytes switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F0} KB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:F1} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:F2} GB"),
    };

    public static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>"1 piece", "3 pieces", "2 people".</summary>
    /// <param name="many">When it is not the one with an s.</param>
    public static string Count(long value, string one, string? many = null) => Number(value) + " " + (value == 1 ? one : many ?? one + "s");

    /// <summary>At most so many UTF-16 units of a text; a character that needs two of them is kept or dropped whole.</summary>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most) return text;
        return text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
    }

    /// <summary>
    /// Text of people inside ours: no formatting, no mention, no live link, nothing invisible that turns the text around it, no more than
    /// <paramref name="most"/> characters.
    /// </summary>
    public static string Plain(string text, int most)
    {
        System.Text.StringBuilder plain = new();
        foreach (char letter in text)
        {
            if (plain.Length >= most) break;
            if (letter is '\n' or '\r' or '\t' or '\u2028' or '\u2029') plain.Append(' ');
            else if (IsInvisible(letter)) continue;
            else if (letter is '*' or '_' or '`' or '~' or '|' or '>' or '<' or '@' or '#' or '\\' or '[' or ']' or ':' or '/')
                plain.Append('\\').Append(letter);
            else plain.Append(letter);
        }
        return plain.Length > 0 && char.IsHighSurrogate(plain[^1]) ? plain.ToString(0, plain.Length - 1) : plain.ToString();
    }

    // Control characters, and the format characters of Unicode (UAX #9: those that turn the direction) but for the joiner that emoji need.
    private static bool IsInvisible(char letter) =>
        letter != '\u200D' && CharUnicodeInfo.GetUnicodeCategory(letter) is UnicodeCategory.Control or UnicodeCategory.Format;
}
