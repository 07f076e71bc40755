namespace Pipeline.DiscordSimulator.Rest;

/// <summary>One REST request as it came and how it was answered.</summary>
/// <param name="At">Virtual time since the start.</param>
/// <param name="Method">GET, PUT, …</param>
/// <param name="Path">Below <c>/api/v10</c>, with the query.</param>
/// <param name="UserAgent">Header User-Agent, or empty.</param>
/// <param name="Authorization">Header Authorization, or empty.</param>
/// <param name="Body">JSON text; for multipart its <c>payload_json</c>.</param>
/// <param name="Status">Status of the answer.</param>
public sealed record RecordedRequest(
    TimeSpan At, string Method, string Path, string UserAgent, string Authorization, string Body, int Status);
