namespace Pipeline.Dave.Frames;

/// <summary>
/// The clear ranges of one frame, read straight from its trailer: <c>{offset ULEB128, size ULEB128}*</c>. Audio frames have none.
/// Made only by <see cref="DaveFrame.TryParse"/>, which has checked that they ascend, do not overlap and lie inside the frame.
/// </summary>
public readonly ref struct ClearRanges
{
    private readonly ReadOnlySpan<byte> pairs;

    internal ClearRanges(ReadOnlySpan<byte> pairs) => this.pairs = pairs;

    public bool IsEmpty => pairs.IsEmpty;

    /// <summary>Bytes in all ranges together.</summary>
    public int TotalSize
    {
        get
        {
            int total = 0;
            foreach (ClearRange range in this) total += range.Size;
            return total;
        }
    }

    public Enumerator GetEnumerator() => new(pairs);

    /// <summary>
    /// Every pair is whole, each range ends at or before the next one's start and at or before <paramref name="bodyLength"/>.
    /// </summary>
    internal static bool AreValid(ReadOnlySpan<byte> pairs, int bodyLength)
    {
        ulong previousEnd = 0;
        while (!pairs.IsEmpty)
        {
            if (!Uleb128.TryRead(ref pairs, out uint offset) || !Uleb128.TryRead(ref pairs, out uint size)) return false;
            ulong end = (ulong)offset + size;
            if (offset < previousEnd || end > (ulong)bodyLength) return false;
            previousEnd = end;
        }
        return true;
    }

    /// <summary>Walks the pairs in order.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> rest;

        internal Enumerator(ReadOnlySpan<byte> pairs) => rest = pairs;

        public ClearRange Current { get; private set; }

        public bool MoveNext()
        {
            if (!Uleb128.TryRead(ref rest, out uint offset) || !Uleb128.TryRead(ref rest, out uint size)) return false;
            Current = new ClearRange((int)offset, (int)size);
            return true;
        }
    }
}

/// <summary>
/// Bytes of a frame that travel unencrypted but authenticated: <paramref name="Size"/> bytes from <paramref name="Offset"/> of the plain
/// frame.
/// </summary>
public readonly record struct ClearRange(int Offset, int Size)
{
    public int End => Offset + Size;
}
