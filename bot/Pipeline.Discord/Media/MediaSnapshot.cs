using Pipeline.Dave.Session;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>
/// What the media thread needs to know of the control loop's state. Immutable; published as a whole by one reference swap, so that the
/// two hands share no lock and never see halves.
/// </summary>
internal sealed class MediaSnapshot
{
    private readonly Dictionary<uint, ulong> users;

    /// <param name="ownSsrc">Our own source, never recorded.</param>
    /// <param name="transportKey">Null until the session description came.</param>
    /// <param name="users">Copied.</param>
    /// <param name="dave">What the end-to-end layer knows; null for a call without it.</param>
    /// <param name="unmatched">Who is here and has no source yet.</param>
    public MediaSnapshot(uint ownSsrc, TransportKey? transportKey, IReadOnlyDictionary<uint, ulong> users, DaveSnapshot? dave = null,
        IReadOnlyList<ulong>? unmatched = null)
    {
        OwnSsrc = ownSsrc;
        TransportKey = transportKey;
        Dave = dave ?? DaveSnapshot.Plain;
        Unmatched = unmatched ?? [];
        this.users = new Dictionary<uint, ulong>(users);
    }

    public static MediaSnapshot Empty { get; } = new(0, null, new Dictionary<uint, ulong>());

    public uint OwnSsrc { get; }
    public TransportKey? TransportKey { get; }
    public DaveSnapshot Dave { get; }
    public IReadOnlyList<ulong> Unmatched { get; }

    /// <summary>Those who have a source; somebody with two comes twice.</summary>
    public Dictionary<uint, ulong>.ValueCollection Users => users.Values;

    public bool TryGetUser(uint ssrc, out ulong userId) => users.TryGetValue(ssrc, out userId);
}
