using System.Diagnostics.CodeAnalysis;

namespace Pipeline.Contracts;

/// <summary>What a segment's file is.</summary>
public enum SegmentFormat
{
    /// <summary>RIFF/WAVE, 16-bit PCM at 48 kHz.</summary>
    Wav = 0,

    /// <summary>Ogg Opus (RFC 7845).</summary>
    Opus = 1,
}

/// <summary>The words for a format: in the recording API, in file names, in HTTP headers.</summary>
public static class SegmentFormats
{
    /// <summary>All words of the API's field <c>format</c>.</summary>
    public static IReadOnlyList<string> Words { get; } = ["wav", "opus"];

    /// <summary>The API's field <c>format</c>.</summary>
    public static string Word(this SegmentFormat format) => format == SegmentFormat.Opus ? "opus" : "wav";

    /// <summary>The end of a file's name, with its point.</summary>
    public static string Suffix(this SegmentFormat format) => format == SegmentFormat.Opus ? ".opus" : ".wav";

    public static string ContentType(this SegmentFormat format) => format == SegmentFormat.Opus ? "audio/ogg" : "audio/wav";

    /// <summary>By the word in the API; anything else is false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? word, out SegmentFormat format)
    {
        format = word == "opus" ? SegmentFormat.Opus : SegmentFormat.Wav;
        return word is "opus" or "wav";
    }

    /// <summary>By the end of a file's or a blob's name; a name that says nothing is a WAV file's.</summary>
    public static SegmentFormat OfName(string name) =>
        name.EndsWith(".opus", StringComparison.Ordinal) ? SegmentFormat.Opus : SegmentFormat.Wav;
}
