namespace Pipeline.Bot.Hosting;

/// <summary>Who serves the shard.</summary>
public enum ShardState
{
    /// <summary>Not asked yet.</summary>
    Unknown,

    /// <summary>Another bot; we wait, ready to go on when it leaves.</summary>
    StandingBy,

    /// <summary>We do.</summary>
    Ours,

    /// <summary>Ours until we left it to the next bot.</summary>
    Left,

    /// <summary>Another bot took it while we could not say that we live; we stop.</summary>
    Lost,
}
