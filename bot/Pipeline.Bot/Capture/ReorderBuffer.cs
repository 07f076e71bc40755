using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Puts one user's packets in order of their sequence numbers. A packet in order passes without being copied; one behind a
/// missing packet is kept until the missing one comes or the window has passed by the arrival of later packets.
/// Grows with what has to wait and keeps what it has grown to; a sender of 20 ms frames needs a tenth of what is allowed.
/// Bounded in packets and in bytes: what does not fit makes the caller give up waiting, never a packet.
/// </summary>
/// <param name="window">Samples for which a missing packet is waited for.</param>
/// <param name="capacity">Packets that may wait.</param>
internal sealed class ReorderBuffer(double window, int capacity)
{
    /// <summary>Holds any single Opus frame (1,275 bytes, RFC 6716 §3.4 R2) and whatever fits an unfragmented datagram.</summary>
    public const int LongestPacket = 1280;

    /// <summary>What waits at most, in bytes: a second of the greatest frames of 20 ms takes 64,000.</summary>
    private const int ByteCapacity = 256 * 1024;

    private const int FirstSlots = 32;
    private const int RoomStep = 256;

    // An epoch's first packet may not be its earliest.
    private const int RoomBeforeFirst = 12;

    private struct Slot
    {
        public Packet Packet;
        public byte[] Room;
    }

    private readonly Stack<byte[]> emptyRooms = new();
    private Slot[] slots = new Slot[FirstSlots]; // those in [first, first + held) are in order of their sequence numbers
    private int first;
    private int held;
    private int heldBytes;
    private int roomBytes; // of all rooms, empty ones too
    private long next; // sequence number to be released next, unwrapped
    private ulong released; // bit n: the packet n + 1 before next was there
    private double latestArrival;
    private double earliestHeld = double.PositiveInfinity;

    /// <summary>Packets that wait.</summary>
    public int Held => held;

    /// <summary>Bytes of memory for packets that wait or have waited.</summary>
    public int RoomBytes => roomBytes;

    /// <summary>Begins with a first packet, leaving room for earlier ones on their way.</summary>
    public void Begin(long firstSequence)
    {
        for (int i = 0; i < held; i++) GiveBack(slots[first + i].Room);
        (first, held, heldBytes, released) = (0, 0, 0, 0);
        (latestArrival, earliestHeld) = (double.NegativeInfinity, double.PositiveInfinity);
        next = firstSequence - RoomBeforeFirst;
    }

    /// <summary>What to do with a packet that has just come.</summary>
    public ReorderVerdict Judge(long sequence, int length)
    {
        if (sequence < next) return WasReleased(next - sequence) ? ReorderVerdict.Duplicate : ReorderVerdict.Late;
        int place = PlaceOf(sequence);
        if (place > first && slots[place - 1].Packet.Sequence == sequence) return ReorderVerdict.Duplicate;
        bool fits = length <= LongestPacket && held < capacity && heldBytes + length <= ByteCapacity;
        if (sequence == next) return fits ? ReorderVerdict.InOrder : ReorderVerdict.InOrderWithoutRoom;
        return fits ? ReorderVerdict.Hold : ReorderVerdict.NoRoom;
    }

    /// <summary>Keeps a packet for which <see cref="Judge"/> found room.</summary>
    public void Hold(Packet packet, ReadOnlySpan<byte> opus)
    {
        MakeSlot();
        int place = PlaceOf(packet.Sequence);
        Array.Copy(slots, place, slots, place + 1, first + held - place);
        packet.Length = opus.Length;
        slots[place] = new Slot { Packet = packet, Room = Take(opus.Length) };
        opus.CopyTo(slots[place].Room);
        held++;
        heldBytes += opus.Length;
        earliestHeld = Math.Min(earliestHeld, packet.Arrival);
        Arrived(packet.Arrival);
    }

    /// <summary>Notes that a packet passed without being held.</summary>
    public void Pass(long sequence, double arrival)
    {
        AdvanceTo(sequence);
        AdvanceOver();
        Arrived(arrival);
    }

    /// <summary>
    /// The next packet in order, or the next there is once the window has passed. Its bytes stay until the next <see cref="Hold"/>.
    /// </summary>
    /// <param name="giveUpBefore">Do not wait for anything missing in front of this sequence number.</param>
    public bool TryTake(long giveUpBefore, out Packet packet, out ReadOnlySpan<byte> opus)
    {
        packet = default;
        opus = default;
        if (held == 0) return false;
        ref Slot slot = ref slots[first];
        if (slot.Packet.Sequence != next)
        {
            if (slot.Packet.Sequence >= giveUpBefore && latestArrival - earliestHeld < window) return false;
            AdvanceTo(slot.Packet.Sequence);
        }
        packet = slot.Packet;
        opus = slot.Room.AsSpan(0, packet.Length);
        GiveBack(slot.Room);
        slot = default;
        first++;
        held--;
        heldBytes -= packet.Length;
        if (packet.Arrival <= earliestHeld) earliestHeld = EarliestOfHeld();
        AdvanceOver();
        return true;
    }

    // Behind those with smaller numbers and an equal one; most packets belong at the end.
    private int PlaceOf(long sequence)
    {
        int place = first + held;
        while (place > first && slots[place - 1].Packet.Sequence > sequence) place--;
        return place;
    }

    private void MakeSlot()
    {
        if (first + held < slots.Length) return;
        Slot[] target = held * 2 > slots.Length ? new Slot[slots.Length * 2] : slots;
        Array.Copy(slots, first, target, 0, held);
        if (target == slots) Array.Clear(slots, held, slots.Length - held);
        (slots, first) = (target, 0);
    }

    // In steps, so that a room has its size after the first few packets: speech needs a fifth of what the largest frame would.
    private byte[] Take(int length)
    {
        if (emptyRooms.TryPop(out byte[]? room))
        {
            if (room.Length >= length) return room;
            roomBytes -= room.Length;
        }
        room = new byte[Math.Max(1, (length + RoomStep - 1) / RoomStep) * RoomStep];
        roomBytes += room.Length;
        return room;
    }

    private void GiveBack(byte[] room)
    {
        if (roomBytes <= ByteCapacity) emptyRooms.Push(room);
        else roomBytes -= room.Length;
    }

    private void Arrived(double arrival) => latestArrival = Math.Max(latestArrival, arrival);

    private bool WasReleased(long ago) => ago <= 64 && (released >> (int)(ago - 1) & 1) != 0;

    private void AdvanceOver()
    {
        released = (released << 1) | 1UL;
        next++;
    }

    private void AdvanceTo(long sequence)
    {
        long missing = sequence - next;
        released = missing < 64 ? released << (int)missing : 0;
        next = sequence;
    }

    private double EarliestOfHeld()
    {
        double earliest = double.PositiveInfinity;
        foreach (ref readonly Slot slot in slots.AsSpan(first, held)) earliest = Math.Min(earliest, slot.Packet.Arrival);
        return earliest;
    }
}

/// <summary>What a <see cref="ReorderBuffer"/> says of a packet.</summary>
internal enum ReorderVerdict
{
    /// <summary>It is the awaited one.</summary>
    InOrder = 0,

    /// <summary>Something before it is missing; it has to be held.</summary>
    Hold = 1,

    /// <summary>Its place has been filled already.</summary>
    Late = 2,

    Duplicate = 3,

    /// <summary>It cannot be held: waiting has to be given up first.</summary>
    NoRoom = 4,

    /// <summary>It is the awaited one, but cannot be held.</summary>
    InOrderWithoutRoom = 5,
}

/// <summary>What is known of a packet beside its Opus bytes. Counters are unwrapped.</summary>
internal struct Packet
{
    public long Sequence;

    /// <summary>RTP time, samples.</summary>
    public long Timestamp;

    /// <summary>Samples at 48 kHz since the start of the recording, by our clock.</summary>
    public double Arrival;

    public AudioFrameKind Kind;
    public int Length;
}
