namespace Pipeline.Bot.Capture;

/// <summary>What a <see cref="ReorderBuffer"/> says of a packet.</summary>
internal enum ReorderVerdict
{
    /// <summary>It is the awaited one.</summary>
    InOrder = 0,

    /// <summary>Something before it is missing; it has to be held.</summary>
    Hold = 1,

    /// <summary>Its place has been filled already.</summary>
    Late = 2,

    Duplicate = 3,

    /// <summary>It cannot be held: waiting has to be given up first.</summary>
    NoRoom = 4,

    /// <summary>It is the awaited one, but cannot be held.</summary>
    InOrderWithoutRoom = 5,
}
