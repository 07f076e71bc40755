namespace Pipeline.Dave.Receive;

/// <summary>
/// One user's frames that wait for their key, oldest first: at most 100 of at most 2 s. When it is full the oldest is given
/// up for the new one; the receiver counts it. Buffers are kept for the next frame, so waiting allocates only while growing.
/// </summary>
internal sealed class HeldFrames
{
    public const int Capacity = 100;

    /// <summary>Peers switch keys up to 1.5 s before the commit reaches everybody.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private readonly Slot[] slots = new Slot[Capacity];

    public int Count { get; private set; }

    public bool IsFull => Count == Capacity;

    public ref readonly DaveFrameOrigin OriginAt(int index) => ref slots[index].Origin;

    public ReadOnlySpan<byte> BytesAt(int index) => slots[index].Buffer.AsSpan(0, slots[index].Length);

    /// <summary>The newest epoch whose key was tried on the frame.</summary>
    public ref int TriedAt(int index) => ref slots[index].Tried;

    /// <summary>Copies the frame. The caller has made room before.</summary>
    /// <param name="tried">The newest epoch whose key was tried on it.</param>
    public void Add(in DaveFrameOrigin origin, ReadOnlySpan<byte> frame, int tried)
    {
        ref Slot slot = ref slots[Count];
        if (slot.Buffer is null || slot.Buffer.Length < frame.Length) slot.Buffer = new byte[(frame.Length + 255) & ~255];
        frame.CopyTo(slot.Buffer);
        slot.Length = frame.Length;
        slot.Origin = origin;
        slot.Tried = tried;
        Count++;
    }

    public void RemoveAt(int index)
    {
        Slot removed = slots[index];
        Array.Copy(slots, index + 1, slots, index, Count - index - 1);
        slots[--Count] = removed;
    }

    private struct Slot
    {
        public DaveFrameOrigin Origin;
        public byte[]? Buffer;
        public int Length;
        public int Tried;
    }
}
