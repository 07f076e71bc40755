using Pipeline.Contracts;

namespace Pipeline.Delivery.Ledger;

/// <summary>A recording's whole partition of the ledger, as one read found it.</summary>
/// <param name="Manifest">The last account of the bot that a finalizer has stored.</param>
/// <param name="Faults">Why segments could not be moved: vanished, altered, conflict.</param>
public sealed record LedgerContent(
    LedgerRecording? Recording,
    SessionManifest? Manifest,
    IReadOnlyDictionary<SegmentKey, LedgerSegment> Segments,
    IReadOnlyDictionary<SegmentKey, string> Faults);
