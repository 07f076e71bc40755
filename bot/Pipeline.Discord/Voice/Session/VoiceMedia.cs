using System.Net.Sockets;
using System.Threading.Channels;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// The media side as the control loop sees it: opens the socket and its thread, asks for our address, installs transport keys, publishes
/// snapshots, keeps the way open, notices when it is dead. Control loop only, but for <see cref="Health"/>.
/// </summary>
internal sealed class VoiceMedia(VoiceSessionOptions options, AudioFrameRing frames, SsrcMap ssrcs, VoiceEncryption encryption,
    ChannelWriter<VoiceSessionInput> inputs, MediaReport report, TimeProvider time) : IDisposable
{
    // An echo that takes longer has lost its way.
    private static readonly TimeSpan EchoTime = TimeSpan.FromSeconds(1);

    private readonly List<TransportKey> transportKeys = [];
    private readonly MediaPathWatch watch = new(options.MediaPathTimeout, options.ExpectsEchoes, time);
    private MediaThread? thread;
    private ReceiveOpener? opener;
    private DaveSnapshot? publishedEncryption;
    private int discoveryTries;
    private bool wasHeard;

    /// <summary>Our own source; 0 before Ready.</summary>
    public uint OwnSsrc { get; private set; }

    /// <summary>Counters up to now; any thread, also after the end.</summary>
    public VoiceHealth Health => Volatile.Read(ref thread) is { } running ? running.Health : VoiceHealth.None;

    /// <summary>What the media thread could not decrypt; null before it runs.</summary>
    public DaveHealth? DaveHealth => thread?.DaveHealth;

    public IEnumerable<Alarm> Alarms => opener?.Alarms ?? [];

    /// <summary>Whether the server fell silent, keepalive echoes included.</summary>
    public bool IsDead => thread is not null && watch.IsDead(thread.Counters.HeardAt, thread.Counters.KeepaliveEchoes);

    /// <summary>When the last datagram came, where that is so long ago that an echo is missing; null otherwise.</summary>
    public long? SilentSince => thread is null ? null
        : watch.OverdueSince(options.KeepaliveInterval + EchoTime, thread.Counters.HeardAt, thread.Counters.KeepaliveEchoes);

    /// <summary>True once, when the first datagram has come that is no answer to address discovery.</summary>
    public bool TakeFirstHeard()
    {
        bool isFirst = !wasHeard && thread?.Counters.HeardAt > 0;
        wasHeard |= isFirst;
        return isFirst;
    }

    /// <summary>The server echoes keepalives.</summary>
    public bool HasEchoed => thread?.Counters.KeepaliveEchoes > 0;

    /// <summary>Starts the thread.</summary>
    /// <exception cref="SocketException">No socket or no route.</exception>
    public void Open(VoiceMessage.Ready ready, string mode)
    {
        OwnSsrc = ready.Ssrc;
        MediaThread started = new(ready.Server, frames, Snapshot(), new MediaThreadEvents(PostDiscovery, PostSource, PostFailure), time);
        Volatile.Write(ref thread, started);
        started.Start();
        report.Opened(ready.Server, OwnSsrc, mode, started.GrantedReceiveBuffer);
    }

    /// <summary>Asks the server for our public address. False when it was asked often enough.</summary>
    public bool TryAskAddress()
    {
        if (discoveryTries++ >= options.DiscoveryTries) return false;
        Span<byte> request = stackalloc byte[IpDiscovery.Length];
        IpDiscovery.WriteRequest(OwnSsrc, request);
        thread!.TrySend(request);
        return true;
    }

    /// <summary>
    /// Takes over the key of a session description, and its disposal. Returns the message to send before any media, if there is one.
    /// </summary>
    public ReadOnlyMemory<byte>? Install(TransportKey transportKey)
    {
        if (transportKeys.Count > 0 && transportKey.Matches(transportKeys[^1]))
        {
            // The same again: neither our nonces nor those that were seen under it may begin again.
            transportKey.Dispose();
            return null;
        }
        transportKeys.Add(transportKey);
        Publish();
        opener ??= new ReceiveOpener(options, OwnSsrc, thread!, time);
        return opener.Start(transportKey);
    }

    public void Publish()
    {
        publishedEncryption = encryption.Snapshot;
        thread?.Publish(Snapshot());
    }

    public void PublishIfEncryptionChanged()
    {
        if (!ReferenceEquals(publishedEncryption, encryption.Snapshot)) Publish();
    }

    /// <summary>Somebody new is here.</summary>
    public void Encourage() => opener?.Encourage();

    /// <summary>Does what is due. Returns the Speaking message to send, if any.</summary>
    public ReadOnlyMemory<byte>? Tick() => opener?.Tick(ssrcs.Present.Count > 0);

    public void LogDrops()
    {
        if (thread is not null) report.LogIfDue(thread.Counters, thread.KernelDrops, frames.Dropped);
    }

    /// <summary>Ends the thread: after this nobody writes into the ring.</summary>
    public void Dispose()
    {
        opener?.Dispose();
        try
        {
            thread?.Dispose();
        }
        finally
        {
            foreach (TransportKey transportKey in transportKeys) transportKey.Dispose();
        }
    }

    private MediaSnapshot Snapshot() => new(OwnSsrc, transportKeys.LastOrDefault(), ssrcs.Users, encryption.Snapshot, ssrcs.Unmatched());

    // On the media thread. Refused when the queue is full: the next try of discovery comes by itself.
    private void PostDiscovery(byte[] datagram) => inputs.TryWrite(new VoiceSessionInput.DiscoveryReplied(datagram));

    // Refused when the queue is full: audio is attributed still, and the gateway's word may come yet.
    private void PostSource(FoundSource source) => inputs.TryWrite(new VoiceSessionInput.SourceFound(source));

    private void PostFailure(Exception error) => inputs.TryWrite(new VoiceSessionInput.MediaFailed(error));
}
