using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>A recording as the catalogue keeps it: the answer of the API but for its segments, which are rows of their own.</summary>
/// <param name="Details">Without segments.</param>
/// <param name="SegmentSet">Which set of segment rows belongs to it; null while live.</param>
/// <param name="BatchSet">Which set of rows the batch flow announced; null without one.</param>
/// <param name="Etag">Version of the row; null for one that is not stored yet.</param>
public sealed record CatalogueRecording(RecordingDetails Details, string? SegmentSet, string? BatchSet, string? Etag);
