using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pipeline.Storage;

/// <summary>JSON as gzip (RFC 1952), for rows of a table: their bytes are few.</summary>
public static class PackedJson
{
    private const byte FirstByte = 0x1F;

    /// <summary>Whether these bytes are packed; JSON itself never begins so.</summary>
    public static bool IsPacked(ReadOnlySpan<byte> bytes) => bytes.Length > 0 && bytes[0] == FirstByte;

    public static byte[] Pack<T>(T value, JsonTypeInfo<T> type, CompressionLevel level = CompressionLevel.Fastest)
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, level, leaveOpen: true)) JsonSerializer.Serialize(zip, value, type);
        return packed.ToArray();
    }

    /// <exception cref="InvalidDataException">These bytes are no gzip.</exception>
    /// <exception cref="JsonException">What is in them is no JSON of this type.</exception>
    public static T? Unpack<T>(byte[] packed, JsonTypeInfo<T> type)
    {
        using GZipStream zip = new(new MemoryStream(packed), CompressionMode.Decompress);
        return JsonSerializer.Deserialize(zip, type);
    }
}
