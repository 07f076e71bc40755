namespace Pipeline.Mls.Wire;

/// <summary>Vectors of structures: <c>[length in bytes varint, item, item, ...]</c>.</summary>
internal static class TlsLists
{
    /// <summary>No legal list is longer: two nodes for each of 1024 leaves, with room. Bounds objects per byte received.</summary>
    private const int MaxEntries = 4096;

    /// <summary>Reads one item.</summary>
    public delegate T ReadItem<out T>(ref TlsReader reader);

    public static List<T> ReadList<T>(this ref TlsReader reader, ReadItem<T> readItem)
    {
        TlsReader content = reader.ReadNested();
        List<T> items = [];
        while (!content.IsAtEnd)
        {
            MlsException.ThrowIf(items.Count == MaxEntries, MlsError.TooLarge);
            items.Add(readItem(ref content));
        }

        return items;
    }

    public static void WriteList<T>(this TlsWriter writer, IReadOnlyList<T> items, Action<TlsWriter, T> writeItem)
    {
        int start = writer.BeginVector();
        foreach (T item in items) writeItem(writer, item);
        writer.EndVector(start);
    }

    public static List<ushort> ReadUInt16List(this ref TlsReader reader) =>
        reader.ReadList(static (ref TlsReader item) => item.ReadUInt16());

    public static void WriteUInt16List(this TlsWriter writer, IReadOnlyList<ushort> items) =>
        writer.WriteList(items, static (target, item) => target.WriteUInt16(item));
}
