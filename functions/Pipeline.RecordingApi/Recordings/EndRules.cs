using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>What applies to every recording that ends: who is not in it.</summary>
public sealed class EndRules(ErasedPeople erased, TimeProvider time)
{
    public Task<IReadOnlySet<ulong>> ErasedAsync(RecordingId recording, CancellationToken cancellation) =>
        erased.OfAsync(recording, cancellation);

    /// <param name="segments">Those that are left.</param>
    public RecordingDetails Without(RecordingDetails details, IReadOnlySet<ulong> people, IReadOnlyList<RecordingSegment> segments) =>
        people.Count == 0 ? details : ErasedDetails.Without(details, people, segments, time.GetUtcNow());
}
