using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Pipeline.Discord.Media;

/// <summary>
/// recvmmsg(2) on 64-bit Linux: up to 32 datagrams per system call, each with the kernel's own arrival time and the socket's drop count
/// as control messages (socket(7): SO_TIMESTAMPNS, SO_RXQ_OVFL). The arrival time keeps audio in its place when this process was late.
/// </summary>
internal sealed unsafe class BatchDatagramSource : IDatagramSource
{
    private const int Slots = 32;
    private const int SlotLength = MediaPath.MaxDatagramLength + 1;
    private const int ControlLength = 128;

    // Linux, generic ABI (x86-64, arm64).
    private const int SolSocket = 1;
    private const int SoReceiveTimeout = 20;
    private const int SoTimestampNanoseconds = 35;
    private const int SoReceiveQueueOverflow = 40;
    private const int MessageWaitForOne = 0x10000;
    private const int MessageTruncated = 0x20;

    // Well beyond what a late recording leaves in the kernel (MediaThread), and what a stopped process finds there.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly Socket socket;
    private readonly TimeProvider clock;
    private readonly byte* memory;
    private readonly MessageHeader* headers;
    private readonly TimeSpan[] waited = new TimeSpan[Slots];
    private long kernelDrops;
    private uint lastOverflow;

    private BatchDatagramSource(Socket socket, TimeProvider clock)
    {
        (this.socket, this.clock) = (socket, clock);
        nuint headersLength = (nuint)(Slots * sizeof(MessageHeader));
        nuint vectorsLength = (nuint)(Slots * sizeof(IoVector));
        memory = (byte*)NativeMemory.AllocZeroed(headersLength + vectorsLength + Slots * (SlotLength + ControlLength));
        headers = (MessageHeader*)memory;
        IoVector* vectors = (IoVector*)(memory + headersLength);
        byte* controls = memory + headersLength + vectorsLength;
        byte* slots = controls + Slots * ControlLength;
        for (int i = 0; i < Slots; i++)
        {
            vectors[i] = new IoVector { Base = slots + i * SlotLength, Length = SlotLength };
            headers[i].Vectors = vectors + i;
            headers[i].VectorCount = 1;
            headers[i].Control = controls + i * ControlLength;
        }
    }

    public bool TellsArrival { get; private set; }

    public int BatchSize => Slots;

    public long KernelDrops => Volatile.Read(ref kernelDrops);

    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ref MessageHeader header = ref headers[index];
            int length = (header.Flags & MessageTruncated) != 0 ? SlotLength : (int)Math.Min(header.ReceivedLength, SlotLength);
            return new ReadOnlySpan<byte>(header.Vectors->Base, length);
        }
    }

    /// <summary>Null where the system has no recvmmsg that we know the layout of.</summary>
    /// <param name="socket">Connected and never used asynchronously; stays the caller's.</param>
    /// <param name="clock">The wall clock by which the kernel notes arrivals.</param>
    public static BatchDatagramSource? TryCreate(Socket socket, TimeProvider clock)
    {
        if (!OperatingSystem.IsLinux() || sizeof(nint) != 8 || !BitConverter.IsLittleEndian) return null;
        BatchDatagramSource source = new(socket, clock);
        try
        {
            source.Prepare();
            return source;
        }
        catch (Exception e) when (e is SocketException or DllNotFoundException or EntryPointNotFoundException)
        {
            source.Dispose();
            return null;
        }
    }

    public int Receive()
    {
        for (int i = 0; i < Slots; i++) headers[i].ControlLength = ControlLength;
        int count = NativeMethods.ReceiveMany(socket.SafeHandle, headers, Slots, MessageWaitForOne, null);
        if (count <= 0) return 0;
        DateTimeOffset now = clock.GetUtcNow();
        for (int i = 0; i < count; i++) ReadControl(i, now);
        // They lie in order of arrival: what is before another one has waited for at least as long.
        for (int i = count - 2; i >= 0; i--)
        {
            if (waited[i] < waited[i + 1]) waited[i] = waited[i + 1];
        }
        return count;
    }

    public TimeSpan Waited(int index) => waited[index];

    public void Dispose() => NativeMemory.Free(memory);

    private void Prepare()
    {
        Span<byte> halfSecond = stackalloc byte[16];
        BitConverter.TryWriteBytes(halfSecond[8..], 500_000L); // timeval: seconds, microseconds
        socket.SetRawSocketOption(SolSocket, SoReceiveTimeout, halfSecond);
        Span<byte> on = stackalloc byte[4];
        on[0] = 1;
        socket.SetRawSocketOption(SolSocket, SoTimestampNanoseconds, on);
        socket.SetRawSocketOption(SolSocket, SoReceiveQueueOverflow, on);

        // Nothing is waiting yet; this only makes sure that the entry point exists.
        _ = NativeMethods.ReceiveMany(socket.SafeHandle, headers, 0, 0, null);
    }

    private void ReadControl(int index, DateTimeOffset now)
    {
        waited[index] = TimeSpan.Zero;
        byte* at = headers[index].Control;
        byte* end = at + headers[index].ControlLength;
        while (at + sizeof(ControlHeader) <= end)
        {
            ControlHeader* control = (ControlHeader*)at;
            if (control->Length < (nuint)sizeof(ControlHeader) || at + control->Length > end) return;
            byte* data = at + sizeof(ControlHeader);
            if (control->Level == SolSocket && control->Type == SoTimestampNanoseconds)
            {
                waited[index] = Age(((long*)data)[0], ((long*)data)[1], now);
                TellsArrival = true;
            }
            else if (control->Level == SolSocket && control->Type == SoReceiveQueueOverflow) CountOverflow(*(uint*)data);
            at += (control->Length + 7) & ~(nuint)7;
        }
    }

    // The wall clock may be set between the two readings: an impossible age is no age.
    private static TimeSpan Age(long seconds, long nanoseconds, DateTimeOffset now)
    {
        TimeSpan age = now - DateTimeOffset.UnixEpoch - new TimeSpan(seconds * TimeSpan.TicksPerSecond + nanoseconds / 100);
        return age > TimeSpan.Zero && age < LongestWait ? age : TimeSpan.Zero;
    }

    private void CountOverflow(uint total)
    {
        Volatile.Write(ref kernelDrops, kernelDrops + unchecked(total - lastOverflow));
        lastOverflow = total;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    // struct mmsghdr { struct msghdr; unsigned int msg_len; } of the 64-bit ABI.
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
        public int Padding;
        public uint ReceivedLength;
        public int TailPadding;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}

/// <summary>recvmmsg(2).</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMany(SafeSocketHandle socket, BatchDatagramSource.MessageHeader* messages, uint count, int flags,
        void* timeout);
}
