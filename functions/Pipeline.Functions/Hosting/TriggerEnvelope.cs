using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Functions.Storage;

namespace Pipeline.Functions.Hosting;

/// <summary>
/// The body with which the Functions host calls a custom handler: <c>{ "Data": { binding: value }, "Metadata": { … } }</c>.
/// The host writes a queue message as a JSON string inside a JSON string; its documentation shows it plain. Both are read.
/// Metadata is never read: top-level fields of our own message overwrite what the host says there.
/// </summary>
public static class TriggerEnvelope
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text of the queue message.</summary>
    /// <param name="binding">Name in function.json; where it is absent, the only entry of Data counts.</param>
    /// <exception cref="MalformedMessageException">The body is no envelope.</exception>
    public static string ReadMessage(JsonElement body, string binding)
    {
        if (body.ValueKind != JsonValueKind.Object || !TryGet(body, "Data", out JsonElement data) || data.ValueKind != JsonValueKind.Object)
        {
            throw new MalformedMessageException("the request has no Data object");
        }
        if (!TryGet(data, binding, out JsonElement item))
        {
            using JsonElement.ObjectEnumerator entries = data.EnumerateObject();
            if (!entries.MoveNext()) throw new MalformedMessageException("the request's Data is empty");
            item = entries.Current.Value;
        }
        return item.ValueKind == JsonValueKind.String ? Unwrap(item.GetString()!) : item.GetRawText();
    }

    /// <summary>Writes what the host would send for this message.</summary>
    public static byte[] Write(QueueFunction function, QueueItem item, DateTimeOffset now)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Compact))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("Data");
            writer.WriteString(function.Variable, Quoted(item.Text));
            writer.WriteEndObject();
            writer.WriteStartObject("Metadata");
            HashSet<string> own = WriteOwnFields(writer, item.Text);
            WriteUnless(writer, own, "DequeueCount", item.DequeueCount.ToString(CultureInfo.InvariantCulture));
            WriteUnless(writer, own, "ExpirationTime", Time(item.ExpiresOn));
            WriteUnless(writer, own, "Id", Quoted(item.MessageId));
            WriteUnless(writer, own, "InsertionTime", Time(item.InsertedOn));
            WriteUnless(writer, own, "NextVisibleTime", Time(item.NextVisibleOn));
            WriteUnless(writer, own, "PopReceipt", Quoted(item.PopReceipt));
            WriteSystem(writer, function.Name, now);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    /// <summary>Writes what the host would send for a timer.</summary>
    public static byte[] Write(TimerFunction function, bool isPastDue, DateTimeOffset now)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Compact))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("Data");
            writer.WriteStartObject(function.Variable);
            writer.WriteStartObject("Schedule");
            writer.WriteBoolean("AdjustForDST", true);
            writer.WriteEndObject();
            writer.WriteNull("ScheduleStatus");
            writer.WriteBoolean("IsPastDue", isPastDue);
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteStartObject("Metadata");
            WriteSystem(writer, function.Name, now);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    // The host copies the message's own top-level fields, arrays excepted, over its metadata.
    private static HashSet<string> WriteOwnFields(Utf8JsonWriter writer, string text)
    {
        HashSet<string> written = new(StringComparer.OrdinalIgnoreCase);
        try
        {
            using JsonDocument message = JsonDocument.Parse(text);
            if (message.RootElement.ValueKind != JsonValueKind.Object) return written;
            foreach (JsonProperty field in message.RootElement.EnumerateObject())
            {
                if (field.Value.ValueKind == JsonValueKind.Array || !written.Add(field.Name)) continue;
                if (field.Value.ValueKind == JsonValueKind.String) writer.WriteString(field.Name, Quoted(field.Value.GetString()!));
                else field.WriteTo(writer);
            }
        }
        catch (JsonException)
        {
            return written;
        }
        return written;
    }

    private static void WriteUnless(Utf8JsonWriter writer, HashSet<string> own, string name, string value)
    {
        if (!own.Contains(name)) writer.WriteString(name, value);
    }

    private static void WriteSystem(Utf8JsonWriter writer, string function, DateTimeOffset now)
    {
        writer.WriteStartObject("sys");
        writer.WriteString("MethodName", function);
        writer.WriteString("UtcNow", now.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    private static string Quoted(string text)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Compact)) writer.WriteStringValue(text);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static string Unwrap(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("\"")) return text;
        try
        {
            using JsonDocument inner = JsonDocument.Parse(text);
            return inner.RootElement.GetString()!;
        }
        catch (JsonException unreadable)
        {
            throw new MalformedMessageException("the message begins like a JSON string and is none", unreadable);
        }
    }

    private static bool TryGet(JsonElement parent, string name, out JsonElement value)
    {
        foreach (JsonProperty property in parent.EnumerateObject())
        {
            if (!property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            value = property.Value;
            return true;
        }
        value = default;
        return false;
    }

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
}
