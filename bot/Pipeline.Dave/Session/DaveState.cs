namespace Pipeline.Dave.Session;

/// <summary>Where a voice session stands with end-to-end encryption.</summary>
public enum DaveState
{
    /// <summary>The call is not encrypted end to end (stage channel, or a participant that cannot).</summary>
    Plain,

    /// <summary>The key package is out and no group exists yet. Alone in a channel this lasts, and is healthy.</summary>
    Pending,

    /// <summary>Member of a group; senders' keys are known.</summary>
    Active,

    /// <summary>A commit or Welcome did not fit: left the group, asked to be added again. Older keys go on opening frames.</summary>
    Recovering,
}
