namespace Pipeline.Mls.Group;

/// <summary>
/// Our commit and the epoch it leads to. Adopt <see cref="NextState"/> when the delivery service announces exactly
/// <see cref="Commit"/>; dispose it when another commit wins.
/// </summary>
/// <param name="Commit">An MLSMessage.</param>
/// <param name="Welcome">A bare Welcome for everyone the commit adds; null when it adds nobody.</param>
/// <param name="NextState">The next epoch.</param>
public sealed record CommitResult(byte[] Commit, byte[]? Welcome, GroupState NextState);
