namespace Pipeline.Dave.Keys;

/// <summary>What one sender key chain says about a frame.</summary>
internal enum OpenOutcome
{
    /// <summary>The tag is right; the plain frame was written.</summary>
    Opened,

    /// <summary>The frame was not sealed by this chain, or its generation cannot be true.</summary>
    Refused,

    /// <summary>The tag is right, but the same nonce was opened before or lies too far back to know.</summary>
    Replayed,
}
