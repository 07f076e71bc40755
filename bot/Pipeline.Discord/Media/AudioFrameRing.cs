using System.Runtime.InteropServices;
using Pipeline.Dave.Receive;

namespace Pipeline.Discord.Media;

/// <summary>
/// Bounded ring of frames between exactly one writer at a time (the media thread, and after its end the one that disposes of it) and one
/// reader (the recording's tick). Records have their own length, so a slot costs what the frame needs. Full means that the frame is
/// refused and counted; neither side waits, locks or allocates.
/// </summary>
/// <remarks>
/// Record layout, 8-byte aligned: u32 length of the record | u8 kind | u8 padding bytes at its end | u16 sequence | u64 user | u32 ssrc |
/// u32 timestamp | i64 receivedAt | Opus bytes. A record that would cross the end is preceded by a filler (length, kind 255).
/// </remarks>
public sealed class AudioFrameRing
{
    /// <summary>
    /// About 1 s of 25 speakers at 64 kbit/s, and on top of it the 2 s of each that may come at once when a late key opens them.
    /// </summary>
    public const int DefaultCapacity = 1024 * 1024;

    private const int HeaderSize = 32;
    private const byte Filler = 255;

    private readonly byte[] buffer;
    private readonly long mask;
    private long head; // next byte to read; written by the reader only
    private long tail; // next byte to write; written by the writer only
    private long dropped;

    /// <param name="capacity">Bytes, a power of two of at least 4 KiB.</param>
    public AudioFrameRing(int capacity = DefaultCapacity)
    {
        if (capacity < 4096 || (capacity & (capacity - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "must be a power of two of at least 4096");
        buffer = new byte[capacity];
        mask = capacity - 1;
    }

    /// <summary>Frames refused because the ring was full.</summary>
    public long Dropped => Volatile.Read(ref dropped);

    /// <summary>Writer side: less than a quarter is free, the reader is late.</summary>
    public bool IsNearlyFull => tail - Volatile.Read(ref head) > buffer.Length - buffer.Length / 4;

    public bool IsEmpty => Volatile.Read(ref head) == Volatile.Read(ref tail);

    /// <summary>
    /// Writer side. False: the ring is full (or the frame longer than a quarter of it) and the frame was counted as dropped.
    /// </summary>
    public bool TryWrite(in AudioFrame frame)
    {
        int size = Align(HeaderSize + frame.Opus.Length);
        long at = tail;
        long untilEnd = buffer.Length - (at & mask);
        long needed = size <= untilEnd ? size : untilEnd + size;
        if (size > buffer.Length / 4 || at + needed - Volatile.Read(ref head) > buffer.Length)
        {
            Volatile.Write(ref dropped, dropped + 1);
            return false;
        }
        if (size > untilEnd)
        {
            uint fillerLength = (uint)untilEnd;
            MemoryMarshal.Write(buffer.AsSpan((int)(at & mask)), in fillerLength);
            buffer[(int)(at & mask) + 4] = Filler;
            at += untilEnd;
        }
        WriteRecord(buffer.AsSpan((int)(at & mask), size), in frame);
        Volatile.Write(ref tail, at + size);
        return true;
    }

    /// <summary>Reader side. The frame's bytes stay valid until <see cref="Release"/>.</summary>
    public bool TryRead(out AudioFrame frame)
    {
        frame = default;
        while (true)
        {
            long at = head;
            if (at == Volatile.Read(ref tail)) return false;
            Span<byte> record = buffer.AsSpan((int)(at & mask));
            if (record[4] == Filler)
            {
                Volatile.Write(ref head, at + MemoryMarshal.Read<uint>(record));
                continue;
            }
            Header header = MemoryMarshal.Read<Header>(record);
            frame = AudioFrame.At(new DaveFrameOrigin(header.Ssrc, header.SequenceNumber, header.Timestamp, header.ReceivedAt),
                (AudioFrameKind)header.Kind, header.UserId, record.Slice(HeaderSize, header.OpusLength));
            return true;
        }
    }

    /// <summary>Reader side. Gives the slot of the frame last read back to the writer.</summary>
    public void Release()
    {
        if (head == Volatile.Read(ref tail)) throw new InvalidOperationException("no frame was read");
        uint recordLength = MemoryMarshal.Read<Header>(buffer.AsSpan((int)(head & mask))).RecordLength;
        Volatile.Write(ref head, head + recordLength);
    }

    private static void WriteRecord(Span<byte> record, in AudioFrame frame)
    {
        Header header = new()
        {
            RecordLength = (uint)record.Length,
            Kind = (byte)frame.Kind,
            Padding = (byte)(record.Length - HeaderSize - frame.Opus.Length),
            SequenceNumber = frame.SequenceNumber,
            UserId = frame.UserId,
            Ssrc = frame.Ssrc,
            Timestamp = frame.Timestamp,
            ReceivedAt = frame.ReceivedAt,
        };
        MemoryMarshal.Write(record, in header);
        frame.Opus.CopyTo(record[HeaderSize..]);
    }

    private static int Align(int size) => (size + 7) & ~7;

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Header
    {
        public uint RecordLength;
        public byte Kind;
        public byte Padding;
        public ushort SequenceNumber;
        public ulong UserId;
        public uint Ssrc;
        public uint Timestamp;
        public long ReceivedAt;

        public readonly int OpusLength => (int)RecordLength - HeaderSize - Padding;
    }
}
