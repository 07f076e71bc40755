namespace Pipeline.Dave.Receive;

/// <summary>
/// One user's frames that wait for their key, oldest first, for at most 2 s, and with them what came behind and waits for nothing but its
/// turn. Room is for the most that Opus brings in that time; when it is full the oldest is given up for the new one, and the receiver
/// counts it. Buffers are kept for the next frame, so waiting allocates only while growing; what a long wait took is given back.
/// </summary>
internal sealed class HeldFrames
{
    /// <summary>Frames that wait for their key: 2 s of the shortest that Opus has (2.5 ms, RFC 6716 §2.1.4).</summary>
    public const int Capacity = 800;

    /// <summary>2 s at 510 kbit/s, the highest rate of Opus (RFC 6716 §2.1.1).</summary>
    public const int MaxBytes = 128 * 1024;

    // Packets without audio have numbers of their own and must not push out frames that may still open.
    private const int SlotCount = 2 * Capacity;

    /// <summary>Peers switch keys up to 1.5 s before the commit reaches everybody.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private const int KeptSlots = 200;

    private Slot[] slots = new Slot[KeptSlots];
    private int waiting;
    private int bytes;

    public int Count { get; private set; }

    public bool IsFullFor(DaveOpenResult result, int length) => Count == SlotCount || (Count > 0 && bytes + length > MaxBytes)
        || (result == DaveOpenResult.Held && waiting == Capacity);

    public ref readonly DaveFrameOrigin OriginAt(int index) => ref slots[index].Origin;

    public ReadOnlySpan<byte> BytesAt(int index) => slots[index].Buffer.AsSpan(0, slots[index].Length);

    /// <summary><see cref="DaveOpenResult.Held"/> while its key is awaited; else what it is, and goes out as when its turn comes.</summary>
    public DaveOpenResult ResultAt(int index) => slots[index].Result;

    /// <summary>The newest epoch whose key was tried on the frame.</summary>
    public ref int TriedAt(int index) => ref slots[index].Tried;

    /// <summary>Copies the frame. The caller has made room before.</summary>
    /// <param name="result">What is known of it.</param>
    /// <param name="tried">The newest epoch whose key was tried on it.</param>
    public void Add(in DaveFrameOrigin origin, ReadOnlySpan<byte> frame, DaveOpenResult result, int tried = 0)
    {
        if (Count == slots.Length) Array.Resize(ref slots, Math.Min(2 * Count, SlotCount));
        ref Slot slot = ref slots[Count];
        if (slot.Buffer is null || slot.Buffer.Length < frame.Length) slot.Buffer = new byte[(frame.Length + 127) & ~127];
        bytes += frame.Length;
        frame.CopyTo(slot.Buffer);
        slot.Length = frame.Length;
        slot.Origin = origin;
        slot.Result = result;
        slot.Tried = tried;
        if (result == DaveOpenResult.Held) waiting++;
        Count++;
    }

    /// <summary>It needs no key any more, and goes out in its turn.</summary>
    public void Decide(int index, DaveOpenResult result)
    {
        slots[index].Result = result;
        waiting--;
    }

    public void RemoveAt(int index)
    {
        Slot removed = slots[index];
        if (removed.Result == DaveOpenResult.Held) waiting--;
        bytes -= removed.Length;
        Array.Copy(slots, index + 1, slots, index, Count - index - 1);
        slots[--Count] = removed;
        if (Count == 0 && slots.Length > KeptSlots) slots = new Slot[KeptSlots];
    }

    private struct Slot
    {
        public DaveFrameOrigin Origin;
        public byte[]? Buffer;
        public int Length;
        public DaveOpenResult Result;
        public int Tried;
    }
}
