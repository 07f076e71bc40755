using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>What was said, by time, as files. Every script as it is; nothing but line breaks and control characters is changed.</summary>
internal static class TranscriptTexts
{
    /// <summary>All of them by name, in UTF-8.</summary>
    public static IEnumerable<(string Name, byte[] Text)> All(TranscriptFile transcript)
    {
        yield return (TextFiles.TranscriptJson,
            JsonSerializer.SerializeToUtf8Bytes(transcript, TranscriptJsonContext.Readable.TranscriptFile));
        yield return (TextFiles.TranscriptVtt, Encoding.UTF8.GetBytes(VttOf(transcript)));
        yield return (TextFiles.TranscriptSrt, Encoding.UTF8.GetBytes(SrtOf(transcript)));
        yield return (TextFiles.TranscriptPlain, Encoding.UTF8.GetBytes(PlainOf(transcript)));
    }

    public static TranscriptFile Of(string recordingId, string status, IReadOnlyList<StretchRow> rows) => new()
    {
        RecordingId = recordingId,
        Status = status,
        Language = rows.Select(row => row.Text?.Language).OfType<string>().GroupBy(language => language)
            .OrderByDescending(same => same.Count()).ThenBy(same => same.Key, StringComparer.Ordinal).FirstOrDefault()?.Key,
        Turns = [.. rows.Where(row => row.Text is not null).SelectMany(row => row.Text!.Phrases.Select(phrase => new TranscriptTurn
        {
            User = row.Stretch.UserId.ToString(CultureInfo.InvariantCulture),
            Username = row.Stretch.Username,
            Start = phrase.Start,
            End = phrase.End,
            Text = Line(phrase.Text),
            Confidence = phrase.Confidence is { } sure ? Math.Round(sure, 3) : null,
            Words = phrase.Words.Count == 0 ? null : [.. phrase.Words.Select(word => word with { Text = Line(word.Text) })],
        })).Where(turn => turn.Text.Length > 0).OrderBy(turn => turn.Start).ThenBy(turn => turn.User, StringComparer.Ordinal)],
    };

    // WebVTT §4.1: a cue's end lies behind its start; & and < are escaped; a voice span carries the speaker.
    private static string VttOf(TranscriptFile transcript)
    {
        StringBuilder text = new("WEBVTT\n");
        foreach (TranscriptTurn turn in transcript.Turns)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"\n{Time(turn.Start, '.')} --> {Time(End(turn), '.')}\n<v {Escaped(Line(turn.Username))}>{Escaped(turn.Text)}\n");
        }
        return text.ToString();
    }

    private static string SrtOf(TranscriptFile transcript)
    {
        StringBuilder text = new();
        foreach ((int number, TranscriptTurn turn) in transcript.Turns.Index())
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{number + 1}\n{Time(turn.Start, ',')} --> {Time(End(turn), ',')}\n{Line(turn.Username)}: {turn.Text}\n\n");
        }
        return text.ToString();
    }

    private static string PlainOf(TranscriptFile transcript)
    {
        StringBuilder text = new();
        foreach (TranscriptTurn turn in transcript.Turns)
            text.Append(CultureInfo.InvariantCulture, $"[{Time(turn.Start, '.')[..^4]}] {Line(turn.Username)}: {turn.Text}\n");
        return text.ToString();
    }

    private static double End(TranscriptTurn turn) => Math.Max(turn.End, turn.Start + 0.001);

    private static string Time(double seconds, char point)
    {
        long milliseconds = (long)Math.Round(seconds * 1_000);
        return string.Create(CultureInfo.InvariantCulture,
            $"{milliseconds / 3_600_000:D2}:{milliseconds / 60_000 % 60:D2}:{milliseconds / 1_000 % 60:D2}{point}"
            + $"{milliseconds % 1_000:D3}");
    }

    private static string Escaped(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    // Marks of direction stay: they belong to the text. A lone surrogate becomes the sign for that.
    private static string Line(string text)
    {
        StringBuilder line = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool breaks = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
            line.Append(breaks ? " " : rune.ToString());
        }
        return line.ToString().Trim();
    }
}

/// <summary>The file <c>transcript.json</c>. Seconds since the start of the recording.</summary>
internal sealed record TranscriptFile
{
    public required string RecordingId { get; init; }

    /// <summary>What most stretches are in, as the service names it; null where it does not.</summary>
    public string? Language { get; init; }

    /// <summary><c>running</c>, <c>ready</c>, or <c>partial</c> where talk was given up.</summary>
    public required string Status { get; init; }

    /// <summary>By start.</summary>
    public required IReadOnlyList<TranscriptTurn> Turns { get; init; }
}

/// <summary>A phrase of one person.</summary>
internal sealed record TranscriptTurn
{
    /// <summary>The user's id, decimal string.</summary>
    public required string User { get; init; }

    public required string Username { get; init; }
    public required double Start { get; init; }
    public required double End { get; init; }
    public required string Text { get; init; }

    /// <summary>0 to 1.</summary>
    public double? Confidence { get; init; }

    public IReadOnlyList<HeardWord>? Words { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TranscriptFile))]
internal sealed partial class TranscriptJsonContext : JsonSerializerContext
{
    /// <summary>Text as it is written and not as escapes: the file is no part of a page.</summary>
    public static TranscriptJsonContext Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
