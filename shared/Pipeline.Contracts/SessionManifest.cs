using System.Globalization;
using System.Text.Json.Serialization;

namespace Pipeline.Contracts;

/// <summary>
/// The session's own account of what it recorded, kept as <c>session.json</c> in the temp container.
/// The bot that holds the blob's lease owns the recording and refreshes it every 15 s (its heartbeat).
/// </summary>
public sealed record SessionManifest
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required SessionInfo Session { get; init; }
    public required ManifestState State { get; init; }

    /// <summary>Counts the owners: 1 for the first bot, one more for every takeover.</summary>
    public required int Incarnation { get; init; }

    /// <summary>Wall clock of this refresh.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Samples since the start of the recording at this refresh, 48 kHz.</summary>
    public required long SampleCount { get; init; }

    public required IReadOnlyList<TrackSummary> Tracks { get; init; }
    public IReadOnlyList<RecordingGap> Gaps { get; init; } = [];
    public IReadOnlyList<RecordingNote> Notes { get; init; } = [];

    /// <summary>Time in which a call that had been end-to-end encrypted was not, or might not have been.</summary>
    public IReadOnlyList<SampleStretch> Unencrypted { get => field ?? []; init; } = [];

    /// <summary>The voice privacy code of the call at this refresh; null where it is not end-to-end encrypted.</summary>
    public string? PrivacyCode { get; init; }

    /// <summary>
    /// Channels that the call went on in after a move, beside the one that it was started in: who may not enter one of them may not hear of
    /// the recording. Null: it stayed.
    /// </summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public IReadOnlyList<ulong>? FurtherChannels { get; init; }

    /// <summary>
    /// Who of the server does not want to be recorded: a new owner that has neither the disk nor the recording API records nobody of them.
    /// Null: written by a bot that did not say.
    /// </summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public IReadOnlyList<ulong>? OptedOut { get; init; }

    /// <summary>
    /// The bot does not know yet who does not want to be recorded. No segment leaves its disk until it does.
    /// </summary>
    public bool AwaitsOptOuts { get; init; }

    /// <summary>
    /// Whether a segment in the temp container must be deleted: its speaker does not want to be recorded, and it is not among those that
    /// had been stored before that was said. (A bot deletes such a blob itself, unless it crashes just then.)
    /// </summary>
    public bool Refuses(ulong userId, int index) => OptedOut?.Contains(userId) == true
        && !Tracks.Any(track => track.UserId == userId && track.Segments.Any(range => range.First <= index && index <= range.Last));

    /// <summary>The same with channels that the call went on in.</summary>
    public SessionManifest GoingOnIn(IReadOnlyList<ulong>? channels)
    {
        ulong[] further = [.. (FurtherChannels ?? []).Union(channels ?? []).Where(channel => channel != Session.ChannelId)];
        return further.Length == 0 ? this : this with { FurtherChannels = further };
    }

    /// <summary>The same without tracks, gaps and notes of these people; what they said about being recorded stays.</summary>
    public SessionManifest Without(IReadOnlyCollection<ulong> people) => people.Count == 0 ? this : this with
    {
        Tracks = [.. Tracks.Where(track => !people.Contains(track.UserId))],
        Gaps = [.. Gaps.Where(gap => gap.UserId is not { } user || !people.Contains(user))],
        Notes = [.. Notes.Where(note => !people.Contains(note.UserId))],
    };

    /// <summary>Whether it says more of somebody than that they are erased.</summary>
    public bool Names(ulong userId) => Tracks.Any(track => track.UserId == userId) || Gaps.Any(gap => gap.UserId == userId)
        || Notes.Any(note => note.UserId == userId)
        || Consent?.Entries.Any(entry => entry.UserId == userId && entry.Username is not null) == true;

    /// <summary>What people said about being recorded; null: written by a bot that did not ask.</summary>
    public ConsentLedger? Consent { get; init; }

    /// <summary>Everything else that a takeover needs (text channel, panel message), opaque to the functions.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    public DateTimeOffset? EndedAt { get; init; }
    public EndReason? EndReason { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ManifestState>))]
public enum ManifestState
{
    [JsonStringEnumMemberName("recording")] Recording,
    [JsonStringEnumMemberName("stopped")] Stopped,
}

/// <summary>
/// One user's track: which segments exist and a hash chain over them, which is smaller than a list of 4,600 of them.
/// </summary>
public sealed record TrackSummary
{
    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong UserId { get; init; }

    public required string Username { get; init; }

    /// <summary>What the bot calls the person by now; null where it has no name and has written the id in its place.</summary>
    [JsonIgnore]
    public string? KnownName => Username.Length > 0 && Username != UserId.ToString(CultureInfo.InvariantCulture) ? Username : null;

    /// <summary>Closed segments as inclusive runs of indexes, ascending: [0-411], [475-500].</summary>
    public required IReadOnlyList<IndexRange> Segments { get; init; }

    /// <summary>Samples of all closed segments, 48 kHz.</summary>
    public required long SampleCount { get; init; }

    /// <summary>Bytes of all closed segments.</summary>
    public required long ByteCount { get; init; }

    /// <summary>Lower-case hex of the MD5 chain, see <see cref="SegmentChain"/>.</summary>
    public required string Chain { get; init; }

    /// <summary>A new owner that has lost the spool starts at this index; no bot has used it yet.</summary>
    public required int NextFreeIndex { get; init; }

    /// <summary>
    /// Whatever was heard of this track before this position lay in the temp container at this refresh; null where the bot did not say.
    /// </summary>
    public long? SafeSample { get; init; }

    /// <summary>Counters by name: received, lost, late, duplicate, concealed, corrupt, undecryptable and more.</summary>
    public IReadOnlyDictionary<string, long> Health { get; init; } = new Dictionary<string, long>();
}

/// <summary>Indexes <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
public readonly record struct IndexRange(int First, int Last)
{
    [JsonIgnore]
    public int Count => Last - First + 1;
}

/// <summary>Time where audio existed but did not reach us. Silence is not a gap.</summary>
public sealed record RecordingGap
{
    /// <summary>The <see cref="Reason"/> of what was lost between two owners.</summary>
    public const string Takeover = "takeover";

    /// <summary>Whose track, or null for all of them.</summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public ulong? UserId { get; init; }

    public required long StartSample { get; init; }
    public required long SampleCount { get; init; }

    /// <summary>One word: reconnect, takeover, spool, paused, loss, undecryptable, capacity.</summary>
    public required string Reason { get; init; }
}

/// <summary>Samples since the start of the recording, 48 kHz.</summary>
public readonly record struct SampleStretch(long StartSample, long SampleCount);

/// <summary>A marker that somebody set.</summary>
public sealed record RecordingNote
{
    public required long Sample { get; init; }

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong UserId { get; init; }

    /// <summary>Whose note it is, where the recording API knows a name; the bot leaves it out.</summary>
    public string? Username { get; init; }

    public required string Text { get; init; }
}
