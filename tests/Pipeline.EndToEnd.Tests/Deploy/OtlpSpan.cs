namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>A span as a collector sees it. Ids are lower-case hexadecimal; <paramref name="ParentId"/> is empty for a root.</summary>
internal sealed record OtlpSpan(string Service, string TraceId, string SpanId, string ParentId, string Name);
