namespace Pipeline.Contracts;

/// <summary>
/// The only identity of a segment: which recording, whose track, which number.
/// <paramref name="Index"/> counts from 0 per user and never repeats within a recording; it may skip after a takeover.
/// </summary>
public readonly record struct SegmentKey(RecordingId Recording, ulong UserId, int Index)
{
    public override string ToString() => $"{Recording}/{UserId}/{Index}";
}
