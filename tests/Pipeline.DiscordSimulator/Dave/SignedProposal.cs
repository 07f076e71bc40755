namespace Pipeline.DiscordSimulator.Dave;

/// <summary>One proposal as it goes out in op 27.</summary>
/// <param name="Message">The MLSMessage.</param>
/// <param name="Reference">32 bytes by which commits name it.</param>
/// <param name="UserId">Who is added or removed.</param>
/// <param name="RemovedLeaf">The leaf of a remove; null for an add.</param>
public sealed record SignedProposal(byte[] Message, byte[] Reference, ulong UserId, uint? RemovedLeaf)
{
    public bool IsAdd => RemovedLeaf is null;

    /// <summary>Body of op 27 that appends these.</summary>
    public static byte[] Append(IEnumerable<SignedProposal> proposals) =>
        [0, .. MlsWire.Vector([.. proposals.SelectMany(proposal => proposal.Message)])];

    /// <summary>Body of op 27 that takes these back.</summary>
    public static byte[] Revoke(IEnumerable<SignedProposal> proposals) =>
        [1, .. MlsWire.Vector([.. proposals.SelectMany(proposal => MlsWire.Vector(proposal.Reference))])];
}
