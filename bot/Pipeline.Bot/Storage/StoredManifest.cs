using Pipeline.Contracts;

namespace Pipeline.Bot.Storage;

/// <summary>A session.json as it lies in the temp container. <paramref name="Leased"/>: some bot holds its lease now.</summary>
internal sealed record StoredManifest(SessionManifest Manifest, bool Leased);
