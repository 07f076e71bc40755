using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>
/// Counters of the media path. Written by the one thread of <see cref="MediaPath"/>, read by anybody; a new user's arrival is the
/// only allocation.
/// </summary>
internal sealed class MediaCounters
{
    private static readonly int ReasonCount = Enum.GetValues<DropReason>().Length;

    private readonly long[] reasons = new long[ReasonCount];
    private readonly Dictionary<ulong, UserAudioCounters> byUser = [];
    private UserAudioCounters[] users = [];
    private long datagrams;
    private long audio;
    private long recovered;
    private long keepaliveEchoes;
    private long heardAt;

    public long Datagrams => Volatile.Read(ref datagrams);

    public long KeepaliveEchoes => Volatile.Read(ref keepaliveEchoes);

    /// <summary>Arrival of the last datagram but for answers to address discovery; 0 before the first.</summary>
    public long HeardAt => Volatile.Read(ref heardAt);

    /// <summary>Authentic audio, delivered or held: what tells that receiving works.</summary>
    public long Audio => Volatile.Read(ref audio);

    /// <param name="reason">What became of the datagram.</param>
    /// <param name="receivedAt">Its arrival.</param>
    public void Count(DropReason reason, long receivedAt)
    {
        if (reason != DropReason.Discovery) Volatile.Write(ref heardAt, receivedAt);
        Volatile.Write(ref datagrams, datagrams + 1);
        if (reason == DropReason.None) Volatile.Write(ref audio, audio + 1);
        else CountOnly(reason);
        if (reason == DropReason.KeepaliveEcho) Volatile.Write(ref keepaliveEchoes, keepaliveEchoes + 1);
    }

    /// <summary>A datagram that was counted as dropped became audio after all.</summary>
    public void CountRecovered()
    {
        Volatile.Write(ref audio, audio + 1);
        Volatile.Write(ref recovered, recovered + 1);
    }

    /// <summary>For datagrams that were counted when they were held.</summary>
    public void CountOnly(DropReason reason, int count = 1) => Volatile.Write(ref reasons[(int)reason], reasons[(int)reason] + count);

    public long Read(DropReason reason) => Volatile.Read(ref reasons[(int)reason]);

    public UserAudioCounters Of(ulong userId)
    {
        if (byUser.TryGetValue(userId, out UserAudioCounters? counters)) return counters;
        counters = new UserAudioCounters(userId);
        byUser.Add(userId, counters);
        Volatile.Write(ref users, [.. users, counters]);
        return counters;
    }

    /// <summary>Arrival of the user's last frame of speech; <see cref="long.MinValue"/> without one. That thread only.</summary>
    public long SpokeAt(ulong userId) => byUser.TryGetValue(userId, out UserAudioCounters? user) ? user.SpokeAt : long.MinValue;

    public VoiceHealth Health(long kernelDrops)
    {
        Dictionary<DropReason, long> drops = [];
        for (int reason = 1; reason < ReasonCount; reason++)
        {
            long count = Volatile.Read(ref reasons[reason]);
            if (count > 0) drops.Add((DropReason)reason, count);
        }
        return new VoiceHealth(Datagrams, kernelDrops, Volatile.Read(ref recovered),
            [.. Volatile.Read(ref users).Select(user => user.Read())], drops);
    }
}
