using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>Reads the text of a message as it lies in a queue: the border behind which nobody looks at raw bytes.</summary>
public static class MessageText
{
    /// <exception cref="MalformedMessageException">It is not of our contract.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> text, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(text.Span, type) ?? throw new MalformedMessageException("the message is null");
        }
        // The latter where a text is no Unicode: a lone surrogate, bytes that are no UTF-8.
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            throw new MalformedMessageException(StorageFault.Describe(unreadable), unreadable);
        }
    }

    /// <param name="version">The version that a message says.</param>
    /// <param name="known">The one that this program knows.</param>
    /// <exception cref="MalformedMessageException">It is not of our contract, or of another version of it.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> text, JsonTypeInfo<T> type, Func<T, int> version, int known)
        where T : class
    {
        T message = Read(text, type);
        DemandVersion(version(message), known);
        return message;
    }

    /// <exception cref="MalformedMessageException">They differ.</exception>
    public static void DemandVersion(int version, int known)
    {
        if (version != known) throw new MalformedMessageException($"version is {version}; this program knows {known}");
    }
}
