namespace Pipeline.Bot.Capture;

/// <summary>
/// What others tell a running recording. Takes effect at the moment of posting, between the frames that arrived before and after it.
/// </summary>
internal abstract record RecordingAction
{
    private RecordingAction()
    {
    }

    /// <summary>
    /// Off the record for everybody: nothing is stored until <see cref="Resume"/>; becomes a gap with the reason <c>paused</c>.
    /// </summary>
    public sealed record Pause(ulong By) : RecordingAction;

    /// <summary>Ends <see cref="Pause"/>.</summary>
    public sealed record Resume(ulong By) : RecordingAction;

    /// <summary>
    /// Audio does not reach us any more (<c>reconnect</c>, <c>takeover</c>): open segments close and the time until
    /// <see cref="GapEnded"/> becomes a gap of all tracks. Frames that come even so are stored.
    /// </summary>
    /// <param name="Reason">One word.</param>
    /// <param name="Ago">The last that came had come so long before.</param>
    public sealed record GapStarted(string Reason, TimeSpan Ago = default) : RecordingAction;

    /// <summary>Ends <see cref="GapStarted"/>.</summary>
    public sealed record GapEnded : RecordingAction;

    /// <summary>There is no room for files (spool limit, free disk): new audio is a counted gap with the reason <c>spool</c>.</summary>
    public sealed record SpoolFull : RecordingAction;

    /// <summary>Ends <see cref="SpoolFull"/>.</summary>
    public sealed record SpoolFree : RecordingAction;

    /// <summary>End-to-end encryption is switched off, or is about to be: marked from here until <see cref="UnencryptedEnded"/>.</summary>
    public sealed record UnencryptedStarted : RecordingAction;

    /// <summary>Ends <see cref="UnencryptedStarted"/>.</summary>
    public sealed record UnencryptedEnded : RecordingAction;

    /// <summary>Closes all open segments now; speech goes on in the next ones without a missing sample.</summary>
    public sealed record Cut : RecordingAction;
}
