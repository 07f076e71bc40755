using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>One user's track at one moment.</summary>
internal sealed record TrackSnapshot
{
    public required ulong UserId { get; init; }

    /// <summary>Display name, or the user id as text while the name is unknown.</summary>
    public required string Username { get; init; }

    public required bool IsBot { get; init; }
    public required bool OptedOut { get; init; }

    /// <summary>Closed segments as inclusive runs of indexes, ascending.</summary>
    public required IReadOnlyList<IndexRange> Segments { get; init; }

    /// <summary>Samples of all closed segments, 48 kHz.</summary>
    public required long SampleCount { get; init; }

    /// <summary>Bytes of all closed segments.</summary>
    public required long ByteCount { get; init; }

    /// <summary>No segment of this track has this index or a greater one.</summary>
    public required int NextFreeIndex { get; init; }

    /// <summary>Position at which the open segment starts, or null when none is open.</summary>
    public required long? OpenSince { get; init; }

    /// <summary>Position up to which the track has been heard and written or skipped; 0 before the first frame.</summary>
    public required long Position { get; init; }

    /// <summary>Audible within the last 300 ms.</summary>
    public required bool Speaking { get; init; }

    public required TrackHealth Health { get; init; }

    /// <summary>Somebody in the call who does not want to be recorded, and of whom nothing was taken.</summary>
    internal static TrackSnapshot OfNothing(ulong userId, KnownPerson person) => new()
    {
        UserId = userId,
        Username = person.Name,
        IsBot = person.IsBot,
        OptedOut = true,
        Segments = [],
        SampleCount = 0,
        ByteCount = 0,
        NextFreeIndex = 0,
        OpenSince = null,
        Position = 0,
        Speaking = false,
        Health = new TrackHealth(),
    };
}
