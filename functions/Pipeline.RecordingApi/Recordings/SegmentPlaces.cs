using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>
/// Believes of a finished segment only what the storage says too: it lies in the place that this API gave it, with the size that was named.
/// </summary>
public sealed class SegmentPlaces(RecordingsContainer container)
{
    /// <param name="claims">In the order of the request, each with its place there: <c>segments[3].</c></param>
    internal async Task<FieldErrors> CheckAsync(RecordingId recording, IReadOnlyList<SegmentClaim> claims, CancellationToken cancellation)
    {
        FieldErrors errors = new();
        if (claims.Count == 0) return errors;
        IReadOnlyDictionary<string, long> lengths = await container.LengthsAsync(recording, cancellation);
        foreach (SegmentClaim claim in claims) Check(errors, recording, claim, lengths);
        return errors;
    }

    private void Check(FieldErrors errors, RecordingId recording, SegmentClaim claim, IReadOnlyDictionary<string, long> lengths)
    {
        SegmentKey asked = new(recording, ulong.Parse(claim.Segment.UserId, CultureInfo.InvariantCulture), claim.Segment.SegmentIndex);
        // The person's name within the name may have changed since; the ids decide.
        if (container.NameOf(new Uri(claim.BlobUrl)) is not { } name || !BlobPaths.TryParseSegment(name, out SegmentKey given)
            || given != asked)
        {
            errors.Add(claim.At + "blobUrl", "must be the address that this API gave for this segment");
        }
        else if (!lengths.TryGetValue(name, out long length))
        {
            errors.Add(claim.At + "blobUrl", "has nothing in it: put the segment there first");
        }
        else if (length != claim.Segment.FileSize)
        {
            errors.Add(claim.At + claim.SizeField,
                string.Create(CultureInfo.InvariantCulture, $"says {claim.Segment.FileSize} bytes; {length} lie at blobUrl"));
        }
    }
}

/// <summary>What a request says of one segment.</summary>
/// <param name="At">Where it stands in the request, with a point at the end.</param>
/// <param name="SizeField">Which of its fields a wrong size is said of.</param>
/// <param name="Segment">As it was announced: whose, which, how long.</param>
internal readonly record struct SegmentClaim(string At, string SizeField, RecordingSegment Segment, string BlobUrl);
