using System.Collections.Frozen;
using System.Collections.Immutable;
using Pipeline.Dave.Codes;

namespace Pipeline.Dave.Session;

/// <summary>
/// What the media thread and the panel may know of the end-to-end encryption at one moment. Immutable: the control loop
/// publishes a new one whenever something changes. All times are timestamps of the session's <see cref="TimeProvider"/>.
/// </summary>
public sealed record DaveSnapshot
{
    /// <summary>A session that is not encrypted end to end: every frame is taken as it is.</summary>
    public static DaveSnapshot Plain { get; } = new();

    public DaveState State { get; init; }

    /// <summary>DAVE protocol version that is in force; 0 is unencrypted.</summary>
    public int ProtocolVersion { get; init; }

    /// <summary>MLS epoch of the current group, 0 without one.</summary>
    public ulong Epoch { get; init; }

    /// <summary>Members of the current group, this session included.</summary>
    public ImmutableArray<DaveMember> Members { get; init; } = [];

    /// <summary>Members of the current group whom the gateway has not announced: nobody can see them in the call.</summary>
    public ImmutableArray<ulong> Unannounced { get; init; } = [];

    /// <summary>What people may be told of the encryption.</summary>
    public DaveProtection Protection { get; init; }

    /// <summary>30 digits that are equal for everyone in the same group and epoch; empty without a group.</summary>
    public string PrivacyCode { get; init; } = "";

    /// <summary>Key sets that may open a frame, newest first.</summary>
    public ImmutableArray<EpochKeys> Keys { get; init; } = [];

    /// <summary>Unencrypted frames are accepted before this time.</summary>
    public long PassthroughUntil { get; init; } = long.MaxValue;

    /// <summary>
    /// Until then only members of a group whose keys live may send them; others' wait for the switch-over that would allow them.
    /// </summary>
    public bool PassthroughForMembers { get; init; }

    /// <summary>Frames that came before this time and cannot be opened were sent to a group that this session had not joined yet.</summary>
    public long JoinGapUntil { get; init; } = long.MinValue;

    /// <summary>Serial of the key set with which this session last joined a group; 0 before the first.</summary>
    public int JoinedSerial { get; init; }

    /// <summary>Grows with every key set and every reset, so that failures are counted against the keys they happened with.</summary>
    public int Revision { get; init; }

    /// <summary>A change of keys or version was announced and not executed yet.</summary>
    public bool TransitionPending { get; init; }

    /// <summary>Users that left the call, and when the last of their keys stop to open frames.</summary>
    public FrozenDictionary<ulong, long> Departures { get; init; } = FrozenDictionary<ulong, long>.Empty;

    /// <summary>Equal in everything. A list of ids is compared by what it holds.</summary>
    internal bool IsSameAs(DaveSnapshot other) =>
        Unannounced.AsSpan().SequenceEqual(other.Unannounced.AsSpan()) && this with { Unannounced = other.Unannounced } == other;

    /// <summary>Nothing can be encrypted for us: no version, no keys that still live at <paramref name="now"/>.</summary>
    internal bool IsPlainAt(long now)
    {
        if (ProtocolVersion != 0 || now >= PassthroughUntil) return false;
        foreach (EpochKeys keys in Keys)
        {
            if (now < keys.ExpiresAt) return false;
        }
        return true;
    }
}

/// <summary>How far a call's audio is protected, as people understand it.</summary>
public enum DaveProtection
{
    /// <summary>No end-to-end encryption is in force.</summary>
    Unencrypted,

    /// <summary>Unencrypted audio is refused, and there is no group yet.</summary>
    Pending,

    /// <summary>Only members of the group can speak, and nobody between them can listen.</summary>
    EndToEnd,

    /// <summary>The gateway has announced that encryption ends. For a few seconds members' unencrypted audio is taken.</summary>
    DowngradeAnnounced,
}

/// <summary>Where a voice session stands with end-to-end encryption.</summary>
public enum DaveState
{
    /// <summary>The call is not encrypted end to end (stage channel, or a participant that cannot).</summary>
    Plain,

    /// <summary>The key package is out and no group exists yet. Alone in a channel this lasts, and is healthy.</summary>
    Pending,

    /// <summary>Member of a group; senders' keys are known.</summary>
    Active,

    /// <summary>A commit or Welcome did not fit: left the group, asked to be added again. Older keys go on opening frames.</summary>
    Recovering,
}
