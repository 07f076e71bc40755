using System.Globalization;
using Azure.Data.Tables;

namespace Pipeline.Storage;

/// <summary>
/// More bytes in a row of a table than one binary property holds (64 KiB; a row 1 MiB): in properties <c>{name}0</c>, <c>{name}1</c>, …,
/// all but the last of <see cref="ChunkLength"/>.
/// </summary>
public static class ChunkedColumns
{
    /// <summary>Bytes in a property.</summary>
    public const int ChunkLength = 60 * 1024;

    /// <summary>Sets as many properties as the bytes take; none for none.</summary>
    public static void Write(TableEntity row, string name, ReadOnlySpan<byte> bytes)
    {
        for (int start = 0; start < bytes.Length; start += ChunkLength)
            row[Key(name, start / ChunkLength)] = bytes.Slice(start, Math.Min(ChunkLength, bytes.Length - start)).ToArray();
    }

    /// <summary>
    /// The bytes of all properties that follow one another; none where the first is missing. What lies behind one that is not full is of an
    /// older value, over which a shorter one was merged.
    /// </summary>
    public static byte[] Read(TableEntity row, string name)
    {
        if (row.GetBinary(Key(name, 0)) is not { } first) return [];
        if (first.Length < ChunkLength) return first;
        using MemoryStream all = new();
        for (int chunk = 0; row.GetBinary(Key(name, chunk)) is { } bytes; chunk++)
        {
            all.Write(bytes);
            if (bytes.Length < ChunkLength) break;
        }
        return all.ToArray();
    }

    private static string Key(string name, int chunk) => string.Create(CultureInfo.InvariantCulture, $"{name}{chunk}");
}
