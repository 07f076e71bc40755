namespace Pipeline.Dave.Session;

/// <summary>
/// What the media thread tells the control loop about frames that could not be opened; the recovery ladder decides by it.
/// </summary>
/// <param name="Revision">The <see cref="DaveSnapshot.Revision"/> against which was counted.</param>
/// <param name="WorstRun">Longest present run of given-up frames of one user, without one opened between. Join gaps do not count.</param>
/// <param name="FailedSinceOpened">Frames of all users given up since any frame was opened.</param>
/// <param name="FailingSince">Arrival of the first of them; <see cref="long.MaxValue"/> without one.</param>
/// <param name="Opened">Frames opened under this revision.</param>
public readonly record struct DaveHealth(int Revision, int WorstRun, int FailedSinceOpened, long FailingSince, long Opened)
{
    public static DaveHealth Good(int revision) => new(revision, 0, 0, long.MaxValue, 0);
}
