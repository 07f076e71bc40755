namespace Pipeline.DiscordSimulator.Dave;

/// <summary>How a call's end-to-end encryption stands.</summary>
/// <param name="Version">Protocol version in force or being switched to; 0 is none.</param>
/// <param name="IsEstablished">A first commit won.</param>
/// <param name="Epoch">Epochs so far.</param>
/// <param name="Members">Users with a leaf.</param>
/// <param name="AcceptedCommits">Commits that won.</param>
/// <param name="DroppedCommits">Commits that came too late or did not cover everything.</param>
/// <param name="Refused">What clients sent that cannot be parsed or is not allowed.</param>
public sealed record DaveCallState(
    int Version, bool IsEstablished, ulong Epoch, IReadOnlyList<ulong> Members, int AcceptedCommits, int DroppedCommits,
        IReadOnlyList<string> Refused);
