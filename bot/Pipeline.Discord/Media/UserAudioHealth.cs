using Pipeline.Dave.Receive;

namespace Pipeline.Discord.Media;

/// <summary>
/// One user's packets since the voice session began.
/// </summary>
/// <param name="UserId">Whose.</param>
/// <param name="Frames">Frames handed to the recording, silence markers included.</param>
/// <param name="Silence">Silence markers among them.</param>
/// <param name="Held">Frames among them that came before it was known whose they are.</param>
/// <param name="Undecryptable">Packets whose end-to-end encryption could not be opened.</param>
/// <param name="Refused">Packets that were dropped for another reason: end-to-end layer, or a full ring.</param>
public sealed record UserAudioHealth(ulong UserId, long Frames, long Silence, long Held, long Undecryptable, long Refused)
{
    /// <summary>What the end-to-end layer made of the user's frames.</summary>
    public DaveCounters EndToEnd { get; init; }
}
