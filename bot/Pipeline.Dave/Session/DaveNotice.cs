namespace Pipeline.Dave.Session;

/// <summary>Something worth a log line. Never holds key material.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Detail">Numbers and the reason, for people.</param>
public readonly record struct DaveNotice(DaveNoticeKind Kind, string Detail);
