using System.Collections.Immutable;

namespace Pipeline.Dave.Session;

/// <summary>What one event led to. The snapshot was already replaced when this is returned.</summary>
/// <param name="Messages">To be sent in this order.</param>
/// <param name="Notices">To be logged.</param>
/// <param name="Demand">To be fulfilled by the voice connection.</param>
public sealed record DaveReply(ImmutableArray<DaveOutbound> Messages, ImmutableArray<DaveNotice> Notices, DaveDemand Demand)
{
    /// <summary>Nothing to do.</summary>
    public static DaveReply Empty { get; } = new([], [], DaveDemand.None);
}
