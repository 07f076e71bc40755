namespace Pipeline.Discord.Media;

/// <summary>
/// Blocking reader of the media socket, for one dedicated thread. Two implementations: many datagrams per system call where the system
/// has that, one per call elsewhere. Never the asynchronous calls: at the packet rate of a call each wake-up of the thread pool costs
/// thirty times as much as a blocked thread's.
/// </summary>
internal interface IDatagramSource : IDisposable
{
    /// <summary>Dropped by the kernel because the socket's buffer was full, as far as the system tells.</summary>
    long KernelDrops { get; }

    /// <summary>Whether <see cref="Waited"/> is known, so that datagrams may be left lying in the kernel for a moment.</summary>
    bool TellsArrival { get; }

    /// <summary>Datagrams of one <see cref="Receive"/> at most; that many mean that more may lie there.</summary>
    int BatchSize { get; }

    /// <summary>Waits for at least one datagram, half a second at most. Returns how many can be read now, possibly none.</summary>
    int Receive();

    /// <summary>
    /// The datagram's bytes; valid until the next <see cref="Receive"/>. One that was too long for the buffer is longer than
    /// <see cref="MediaPath.MaxDatagramLength"/>.
    /// </summary>
    ReadOnlySpan<byte> this[int index] { get; }

    /// <summary>
    /// How long the datagram had waited in the kernel when <see cref="Receive"/> returned; zero where the system does not tell.
    /// </summary>
    TimeSpan Waited(int index);
}
