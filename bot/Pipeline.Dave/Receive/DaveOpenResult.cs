namespace Pipeline.Dave.Receive;

/// <summary>What became of one frame.</summary>
public enum DaveOpenResult
{
    /// <summary>Decrypted and authentic.</summary>
    Opened,

    /// <summary>Came unencrypted while that is allowed; copied.</summary>
    Passthrough,

    /// <summary>Exactly F8 FF FE, which is allowed unencrypted at any time; copied.</summary>
    Silence,

    /// <summary>
    /// Its key is not here yet, or that of a frame before it: kept, and handed out later through the receiver's sink.
    /// </summary>
    Held,

    /// <summary>No key of this sender opened it, and none came in time.</summary>
    Undecryptable,

    /// <summary>Authentic, but the same nonce was opened before.</summary>
    Replayed,

    /// <summary>The sender was in no group whose keys are known, and did not get into one in time.</summary>
    NoKey,

    /// <summary>Came unencrypted while that is not allowed: stray bytes or an injection, never audio.</summary>
    PlaintextRejected,

    /// <summary>Sent to the group as it was before this session joined; cannot be opened by design.</summary>
    JoinGap,

    /// <summary>
    /// The same, by somebody who was heard before: a group that has to be joined again was not theirs to wait for. A loss, and no failure.
    /// </summary>
    RejoinGap,

    /// <summary>Not a frame: a packet that takes a number in the stream and carries no audio.</summary>
    NoAudio,
}
