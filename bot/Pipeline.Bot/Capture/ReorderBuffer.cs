namespace Pipeline.Bot.Capture;

/// <summary>
/// Puts one user's packets in order of their sequence numbers. A packet in order passes without being copied; one behind a
/// missing packet is kept until the missing one comes or the window has passed by the arrival of later packets.
/// Bounded: 32 slots of at most 1,280 bytes, each grown to what it has held; what does not fit makes the caller give up waiting, never a packet.
/// </summary>
internal sealed class ReorderBuffer(double window)
{
    public const int SlotCount = 32;

    /// <summary>Holds any single Opus frame (1,275 bytes, RFC 6716 §3.4 R2) and whatever fits an unfragmented datagram.</summary>
    public const int SlotSize = 1280;

    private const int RoomStep = 256;

    // An epoch's first packet may not be its earliest.
    private const int RoomBeforeFirst = 12;

    private readonly Packet[] slots = new Packet[SlotCount];
    private readonly byte[]?[] rooms = new byte[]?[SlotCount];
    private long next; // sequence number to be released next, unwrapped
    private ulong released; // bit n: the packet n + 1 before next was there
    private int held;
    private double latestArrival;

    /// <summary>Packets that wait.</summary>
    public int Held => held;

    /// <summary>Begins with a first packet, leaving room for earlier ones on their way.</summary>
    public void Begin(long firstSequence)
    {
        Array.Clear(slots);
        (held, released, latestArrival) = (0, 0, double.NegativeInfinity);
        next = firstSequence - RoomBeforeFirst;
    }

    /// <summary>What to do with a packet that has just come.</summary>
    public ReorderVerdict Judge(long sequence, int length)
    {
        if (sequence < next) return WasReleased(next - sequence) ? ReorderVerdict.Duplicate : ReorderVerdict.Late;
        if (sequence >= next + SlotCount) return ReorderVerdict.NoRoom;
        if (slots[Index(sequence)].IsHeld) return ReorderVerdict.Duplicate;
        if (sequence == next) return ReorderVerdict.InOrder;
        return length > SlotSize ? ReorderVerdict.NoRoom : ReorderVerdict.Hold;
    }

    /// <summary>Keeps a packet that <see cref="Judge"/> wanted held.</summary>
    public void Hold(Packet packet, ReadOnlySpan<byte> opus)
    {
        packet.Length = opus.Length;
        packet.IsHeld = true;
        int index = Index(packet.Sequence);
        slots[index] = packet;
        // In steps, so that a slot has its size after the first few packets: speech needs a fifth of what the largest frame would.
        if (rooms[index] is not { } room || room.Length < opus.Length) rooms[index] = room = new byte[(opus.Length + RoomStep - 1) / RoomStep * RoomStep];
        opus.CopyTo(room);
        held++;
        Arrived(packet.Arrival);
    }

    /// <summary>Notes that a packet passed without being held.</summary>
    public void Pass(long sequence, double arrival)
    {
        AdvanceTo(sequence);
        AdvanceOver(present: true);
        Arrived(arrival);
    }

    /// <summary>The next packet in order, or the next there is once the window has passed. Its bytes stay until the next <see cref="Hold"/>.</summary>
    /// <param name="giveUpBefore">Do not wait for anything missing in front of this sequence number.</param>
    public bool TryTake(long giveUpBefore, out Packet packet, out ReadOnlySpan<byte> opus)
    {
        packet = default;
        opus = default;
        if (held == 0) return false;
        if (!slots[Index(next)].IsHeld)
        {
            long first = FirstHeld();
            if (first >= giveUpBefore && latestArrival - EarliestHeldArrival() < window) return false;
            AdvanceTo(first);
        }
        int index = Index(next);
        packet = slots[index];
        opus = rooms[index].AsSpan(0, packet.Length);
        slots[index].IsHeld = false;
        held--;
        AdvanceOver(present: true);
        return true;
    }

    private static int Index(long sequence) => (int)(sequence & (SlotCount - 1));

    private void Arrived(double arrival) => latestArrival = Math.Max(latestArrival, arrival);

    private bool WasReleased(long ago) => ago <= 64 && (released >> (int)(ago - 1) & 1) != 0;

    private void AdvanceOver(bool present)
    {
        released = (released << 1) | (present ? 1UL : 0);
        next++;
    }

    private void AdvanceTo(long sequence)
    {
        long missing = sequence - next;
        released = missing < 64 ? released << (int)missing : 0;
        next = sequence;
    }

    private long FirstHeld()
    {
        long sequence = next;
        while (!slots[Index(sequence)].IsHeld) sequence++;
        return sequence;
    }

    private double EarliestHeldArrival()
    {
        double earliest = double.PositiveInfinity;
        foreach (ref readonly Packet slot in slots.AsSpan())
        {
            if (slot.IsHeld) earliest = Math.Min(earliest, slot.Arrival);
        }
        return earliest;
    }
}
