namespace Pipeline.Bot.Guilds;

/// <summary>Something about the audio that the people in the channel should know.</summary>
public abstract record SpeakerWarning
{
    private SpeakerWarning()
    {
    }

    public sealed record Nobody : SpeakerWarning;

    public sealed record NotHeard(ulong UserId) : SpeakerWarning;

    public sealed record Quiet(TimeSpan Length) : SpeakerWarning;

    /// <param name="LostPercent">Of the last 30 s.</param>
    public sealed record PoorLine(double LostPercent) : SpeakerWarning;

    /// <summary>Joining anew is what helps.</summary>
    public sealed record Undecodable(IReadOnlyList<ulong> UserIds, TimeSpan Length) : SpeakerWarning;
}
