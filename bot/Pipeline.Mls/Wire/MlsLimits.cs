namespace Pipeline.Mls.Wire;

/// <summary>Sizes beyond which input is refused before it costs memory or time.</summary>
public static class MlsLimits
{
    /// <summary>A 1000-member Welcome is about 0.4 MB; this leaves room and still bounds memory.</summary>
    public const int MaxMessageBytes = 2 * 1024 * 1024;

    /// <summary>Members of one group; also the most proposals in one commit and the most entries of one Welcome.</summary>
    public const int MaxMembers = 1000;

    /// <summary>Leaves of the tree: the power of two at or above <see cref="MaxMembers"/>.</summary>
    internal const int MaxLeaves = 1024;

    internal static void CheckMessage(ReadOnlySpan<byte> message) =>
        MlsException.ThrowIf(message.Length > MaxMessageBytes, MlsError.TooLarge);
}
