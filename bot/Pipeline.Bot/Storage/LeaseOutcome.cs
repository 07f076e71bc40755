namespace Pipeline.Bot.Storage;

/// <summary>Answer to asking for a recording's lease.</summary>
internal enum LeaseOutcome
{
    /// <summary>The lease is ours for 60 s from the moment of asking.</summary>
    Ours,

    /// <summary>Another bot holds it.</summary>
    Theirs,

    /// <summary>There is no session.json to hold a lease on.</summary>
    NoManifest,
}
