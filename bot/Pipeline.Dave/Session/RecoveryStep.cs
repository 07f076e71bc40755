namespace Pipeline.Dave.Session;

/// <summary>One rung of the ladder.</summary>
internal enum RecoveryStep
{
    /// <summary>Op 31, leave the group, new key package.</summary>
    Reset,
    Rejoin,
    TellUsers,
}
