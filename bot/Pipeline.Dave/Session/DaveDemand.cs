namespace Pipeline.Dave.Session;

/// <summary>What the session cannot do itself and asks of the voice connection.</summary>
public enum DaveDemand
{
    None,

    /// <summary>Re-keying did not help: leave the call and join it again with a new voice session.</summary>
    Rejoin,

    /// <summary>Joining again did not help either: say so where people see it. The session goes on trying.</summary>
    TellUsers,
}
