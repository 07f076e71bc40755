using Pipeline.Contracts;

namespace Pipeline.Bot.Upload;

/// <summary>A session.json as it lies in the temp container. <paramref name="Leased"/>: some bot holds its lease now.</summary>
public sealed record StoredManifest(SessionManifest Manifest, bool Leased);
