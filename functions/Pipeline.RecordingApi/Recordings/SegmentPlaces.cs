using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>
/// Believes of a finished segment only what the storage says too: it lies in the place that this API gave it, with the size that was named.
/// </summary>
public sealed class SegmentPlaces(RecordingsContainer container, TimeProvider time)
{
    // A list in parts asks twenty times of the same recording.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private volatile Listing? last;

    /// <param name="claims">In the order of the request, each with its place there: <c>segments[3].</c></param>
    internal async Task<FieldErrors> CheckAsync(RecordingId recording, IReadOnlyList<SegmentClaim> claims, CancellationToken cancellation)
    {
        if (claims.Count == 0) return new FieldErrors();
        if (last is { } known && known.Recording == recording && time.GetElapsedTime(known.ReadAt) < Kept)
        {
            FieldErrors errors = Check(recording, claims, known);
            // Only a good word is taken from what was read before: something may have been put since.
            if (!errors.Any) return errors;
        }
        Listing now = await ReadAsync(recording, cancellation);
        last = now;
        return Check(recording, claims, now);
    }

    private async Task<Listing> ReadAsync(RecordingId recording, CancellationToken cancellation)
    {
        Listing listing = new(recording, time.GetTimestamp());
        await foreach ((string name, long length) in container.LengthsAsync(recording, cancellation)) listing.Add(name, length);
        return listing;
    }

    private FieldErrors Check(RecordingId recording, IReadOnlyList<SegmentClaim> claims, Listing listing)
    {
        FieldErrors errors = new();
        foreach (SegmentClaim claim in claims) Check(errors, recording, claim, listing);
        return errors;
    }

    private void Check(FieldErrors errors, RecordingId recording, SegmentClaim claim, Listing listing)
    {
        SegmentKey asked = new(recording, ulong.Parse(claim.Segment.UserId, CultureInfo.InvariantCulture), claim.Segment.SegmentIndex);
        // The person's name within the name may have changed since; the ids decide.
        if (container.NameOf(new Uri(claim.BlobUrl)) is not { } name || !BlobPaths.TryParseSegment(name, out SegmentKey given)
            || given != asked)
        {
            errors.Add(claim.At + "blobUrl", "must be the address that this API gave for this segment");
        }
        else if (listing.LengthOf(name) is not { } length)
        {
            errors.Add(claim.At + "blobUrl", "has nothing in it: put the segment there first");
        }
        else if (length != claim.Segment.FileSize)
        {
            errors.Add(claim.At + claim.SizeField,
                string.Create(CultureInfo.InvariantCulture, $"says {claim.Segment.FileSize} bytes; {length} lie at blobUrl"));
        }
    }

    /// <summary>Lengths by name. 24 bytes for each instead of the name: there may be a hundred thousand.</summary>
    private sealed class Listing(RecordingId recording, long readAt)
    {
        private readonly Dictionary<UInt128, long> lengths = [];

        public RecordingId Recording => recording;
        public long ReadAt => readAt;

        public void Add(string name, long length) => lengths[Key(name)] = length;

        public long? LengthOf(string name) => lengths.TryGetValue(Key(name), out long length) ? length : null;

        private static UInt128 Key(string name) => MemoryMarshal.Read<UInt128>(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
    }
}

/// <summary>What a request says of one segment.</summary>
/// <param name="At">Where it stands in the request, with a point at the end.</param>
/// <param name="SizeField">Which of its fields a wrong size is said of.</param>
/// <param name="Segment">As it was announced: whose, which, how long.</param>
internal readonly record struct SegmentClaim(string At, string SizeField, RecordingSegment Segment, string BlobUrl);
