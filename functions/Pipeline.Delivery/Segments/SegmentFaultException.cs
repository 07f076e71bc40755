using Pipeline.Contracts;

namespace Pipeline.Delivery.Segments;

/// <summary>
/// A segment cannot be moved as its message says. Nothing is deleted; after some tries it is reported and listed as missing.
/// </summary>
/// <param name="reason">One word, as in missing segments: vanished, altered, conflict, refused.</param>
public sealed class SegmentFaultException(SegmentKey key, string reason, string detail) : Exception($"segment {key}: {reason}: {detail}")
{
    public SegmentKey Key { get; } = key;
    public string Reason { get; } = reason;
}
