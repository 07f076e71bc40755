namespace Pipeline.Bot.Spool;

/// <summary>How full the spool is.</summary>
public enum SpoolLevel
{
    Ok,

    /// <summary>At least 80 % of the limit: somebody should look.</summary>
    High,

    /// <summary>At the limit, or the disk is down to its minimum: new audio becomes a counted gap until there is room again.</summary>
    Full,
}
