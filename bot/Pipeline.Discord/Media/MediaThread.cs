using System.Net;
using Pipeline.Dave.Session;

namespace Pipeline.Discord.Media;

/// <summary>
/// The second hand of a voice session: a dedicated thread that blocks on the media socket and runs <see cref="MediaPath"/>. Reads the
/// snapshot that the control loop publishes; shares nothing else while the thread runs.
/// </summary>
internal sealed class MediaThread : IDisposable
{
    /// <summary>From so many datagrams per second on (about four speakers) they are fetched together.</summary>
    private const int BusyRate = 200;

    /// <summary>
    /// How long they may lie in the kernel then. A wake-up costs several times as much as a datagram, nothing waits for a recording, and
    /// the kernel has noted each arrival.
    /// </summary>
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(20);

    /// <summary>When the recording is late, datagrams wait in the kernel's buffer for so long before frames are dropped for good.</summary>
    private static readonly TimeSpan CongestionLimit = TimeSpan.FromSeconds(10);

    private readonly AutoResetEvent stopped = new(false);
    private readonly MediaSocket socket;
    private readonly MediaPath path;
    private readonly TimeProvider time;
    private readonly Action<Exception> failed;
    private readonly Thread thread;
    private readonly double timestampsPerTick;
    private IDatagramSource? source;
    private MediaSnapshot snapshot;
    private bool stopping;
    private long windowStart;
    private int windowCount;
    private bool isBusy;
    private bool mayHaveMore;
    private long? congestedSince;

    /// <param name="server">The SFU.</param>
    /// <param name="frames">Where frames go; this thread is its only writer until <see cref="Dispose"/>, which writes what waits.</param>
    /// <param name="initial">The first snapshot.</param>
    /// <param name="events">Called on this thread.</param>
    /// <param name="time">Its timestamps are the frames' arrival times.</param>
    public MediaThread(IPEndPoint server, AudioFrameRing frames, MediaSnapshot initial, MediaThreadEvents events, TimeProvider time)
    {
        this.time = time;
        failed = events.Failed;
        snapshot = initial;
        timestampsPerTick = (double)time.TimestampFrequency / TimeSpan.TicksPerSecond;
        socket = new MediaSocket(server);
        path = new MediaPath(frames, time) { DiscoveryReplied = events.DiscoveryReplied, SourceFound = events.SourceFound };
        thread = new Thread(Run) { IsBackground = true, Name = "voice media" };
    }

    public MediaCounters Counters => path.Counters;

    public VoiceHealth Health => path.Health(KernelDrops);

    public DaveHealth DaveHealth => path.DaveHealth;

    public long KernelDrops => Volatile.Read(ref source)?.KernelDrops ?? 0;

    public int GrantedReceiveBuffer => socket.GrantedReceiveBuffer;

    public void Start() => thread.Start();

    /// <summary>Takes effect with the next wake-up.</summary>
    public void Publish(MediaSnapshot next) => Volatile.Write(ref snapshot, next);

    public bool TrySend(ReadOnlySpan<byte> datagram) => socket.TrySend(datagram);

    /// <summary>
    /// Ends the thread and closes the socket; waits for what is being received to be delivered, and then writes into the ring itself.
    /// </summary>
    public void Dispose()
    {
        Volatile.Write(ref stopping, true);
        stopped.Set();
        socket.StopReceiving();
        if (thread.IsAlive) thread.Join(); // It wakes up at least twice a second, and the ring bears only one writer.
        socket.Dispose();
        stopped.Dispose();
        // What was published last may name or open what waits. A thread that failed may have left a state in which that fails too.
        using (path) path.Apply(Volatile.Read(ref snapshot));
    }

    private void Run()
    {
        try
        {
            using IDatagramSource opened = socket.OpenSource();
            Volatile.Write(ref source, opened);
            while (!Volatile.Read(ref stopping)) ReceiveBatch(opened);
        }
        catch (Exception e)
        {
            // While it is stopping the socket is closed under the call: that is the end that was asked for.
            if (!Volatile.Read(ref stopping)) failed(e);
        }
    }

    private void ReceiveBatch(IDatagramSource from)
    {
        if (from.TellsArrival && IsHeldBack())
        {
            stopped.WaitOne(GatherTime);
            return;
        }
        if (isBusy && !mayHaveMore && from.TellsArrival) stopped.WaitOne(GatherTime);
        int count = from.Receive();
        long now = time.GetTimestamp();
        path.Apply(Volatile.Read(ref snapshot));
        for (int i = 0; i < count; i++) path.Receive(from[i], now - (long)(from.Waited(i).Ticks * timestampsPerTick));
        path.Expire(now);
        mayHaveMore = count == from.BatchSize;
        CountRate(count, now);
    }

    private bool IsHeldBack()
    {
        if (!path.IsCongested)
        {
            congestedSince = null;
            return false;
        }
        congestedSince ??= time.GetTimestamp();
        return time.GetElapsedTime(congestedSince.Value) < CongestionLimit;
    }

    private void CountRate(int count, long now)
    {
        windowCount += count;
        if (now - windowStart < time.TimestampFrequency) return;
        isBusy = windowCount >= BusyRate;
        (windowStart, windowCount) = (now, 0);
    }
}

/// <summary>What a media thread tells.</summary>
/// <param name="DiscoveryReplied">Every IP discovery reply, whole.</param>
/// <param name="SourceFound">What was found out about a source that nobody has named.</param>
/// <param name="Failed">The thread ends by an error of ours.</param>
internal sealed record MediaThreadEvents(Action<byte[]> DiscoveryReplied, Action<FoundSource> SourceFound, Action<Exception> Failed);
