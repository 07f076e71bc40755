using Pipeline.Contracts;

namespace Pipeline.Delivery.Ledger;

/// <summary>What the ledger knows of one segment.</summary>
public sealed record LedgerSegment
{
    public required SegmentKey Key { get; init; }
    public required SegmentState State { get; init; }
    public required string Username { get; init; }

    /// <summary>Name in the temp container.</summary>
    public required string BlobName { get; init; }

    /// <summary>Where it lives in the end; null until it has been moved.</summary>
    public string? BlobUrl { get; init; }

    public required long FileSize { get; init; }

    /// <summary>Base64, of the bytes that were compared before the temp blob went.</summary>
    public required string ContentMd5 { get; init; }

    public required long StartSample { get; init; }
    public required long SampleCount { get; init; }
    public required int Channels { get; init; }

    /// <summary>What the file is; its name in the temp container says so.</summary>
    public SegmentFormat Format => SegmentFormats.OfName(BlobName);

    public static LedgerSegment From(SegmentReady message, SegmentState state, Uri? blobUrl) => new()
    {
        Key = message.Key,
        State = state,
        Username = message.Username,
        BlobName = message.BlobName,
        BlobUrl = blobUrl?.AbsoluteUri,
        FileSize = message.FileSize,
        ContentMd5 = message.ContentMd5,
        StartSample = message.StartSample,
        SampleCount = message.SampleCount,
        Channels = message.Channels,
    };
}

/// <summary>How far a segment is.</summary>
public enum SegmentState
{
    /// <summary>Its bytes are on their way to an address that we cannot look at; a second PUT that meets them is our own.</summary>
    Sending,

    /// <summary>Checked and waiting in the temp container for the batch flow.</summary>
    Collected,

    /// <summary>At its last place, size and hash confirmed.</summary>
    Moved,

    /// <summary>The service takes nothing more for this recording; the bytes stay in the temp container.</summary>
    Refused,
}
