using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pipeline.Contracts;

/// <summary>
/// A segment's message as metadata of its blob, so that a blob whose message was lost explains itself.
/// One entry named <see cref="Key"/>; value: base64 of the message's UTF-8 JSON (metadata values are ASCII headers).
/// </summary>
public static class SegmentMetadata
{
    /// <summary>Name of the metadata entry; the service ignores case.</summary>
    public const string Key = "segmentready";

    /// <summary>The service takes 8 KiB of names and values in all; this leaves room for its own headers.</summary>
    public const int MaximumLength = 7 * 1024;

    // Not for HTML: names stay UTF-8, so that an emoji costs 4 bytes instead of the 12 of its escape.
    private static readonly ContractsJsonContext Compact = new(new JsonSerializerOptions(ContractsJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>
    /// The value for <paramref name="message"/>, at most <see cref="MaximumLength"/> characters: a message that is longer
    /// (names of joined emoji) loses its list of losses, its title and its channel's name first, then the ends of its names. The queue's
    /// message keeps them.
    /// </summary>
    public static string Write(SegmentReady message)
    {
        string value = Encode(message);
        if (value.Length <= MaximumLength) return value;
        value = Encode(message with { Lost = null, Session = message.Session with { Title = null, ChannelName = null } });
        if (value.Length <= MaximumLength) return value;
        return Encode(message with
        {
            Lost = null,
            Username = FirstRunes(message.Username, 100),
            Session = message.Session with { Title = null, ChannelName = null, GuildName = FirstRunes(message.Session.GuildName, 100) },
        });
    }

    /// <summary>Reads what <see cref="Write"/> wrote; false for anything else.</summary>
    public static bool TryRead(string? value, [NotNullWhen(true)] out SegmentReady? message)
    {
        message = null;
        if (string.IsNullOrEmpty(value)) return false;
        byte[] json = new byte[value.Length];
        if (!Convert.TryFromBase64String(value, json, out int written)) return false;
        try
        {
            message = JsonSerializer.Deserialize(json.AsSpan(0, written), ContractsJsonContext.Default.SegmentReady);
        }
        catch (JsonException)
        {
            return false;
        }
        return message is not null;
    }

    private static string Encode(SegmentReady message) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(message, Compact.SegmentReady));

    private static string FirstRunes(string text, int count)
    {
        StringBuilder first = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (count-- == 0) break;
            first.Append(rune.ToString());
        }
        return first.ToString();
    }
}
