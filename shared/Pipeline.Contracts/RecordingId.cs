using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Pipeline.Contracts;

/// <summary>
/// Identity of one recording: a UUID of version 7 (RFC 9562 §5.7), so that ids sort by start time.
/// It is also the <c>sessionId</c> that the recording API knows. Text form: 36 lower-case characters with hyphens.
/// </summary>
[JsonConverter(typeof(RecordingIdJsonConverter))]
public readonly record struct RecordingId(Guid Value)
{
    /// <summary>A new id for a recording that starts now by <paramref name="time"/>.</summary>
    public static RecordingId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    /// <summary>Reads the 36-character form; anything else, and the all-zero id, is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out RecordingId id)
    {
        bool parsed = Guid.TryParseExact(text, "D", out Guid value) && value != Guid.Empty;
        id = parsed ? new RecordingId(value) : default;
        return parsed;
    }

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is not a recording id.</exception>
    public static RecordingId Parse(string text) =>
        TryParse(text, out RecordingId id) ? id
            : throw new FormatException($"'{text}' is not a recording id (a UUID such as 0198c0de-0000-7000-8000-000000000001)");

    public override string ToString() => Value.ToString("D");
}
