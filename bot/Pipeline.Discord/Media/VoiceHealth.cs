using Pipeline.Dave.Receive;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>Counters of one voice session at one moment.</summary>
/// <param name="Datagrams">All that came out of the socket.</param>
/// <param name="KernelDrops">What the kernel dropped because our socket's buffer was full; 0 where the system does not tell.</param>
/// <param name="Recovered">Datagrams among the drops that waited for their transport key and became frames after all.</param>
/// <param name="Users">Everybody whose audio came.</param>
/// <param name="Drops">Datagrams that did not become a frame, by reason; only reasons that occurred.</param>
public sealed record VoiceHealth(long Datagrams, long KernelDrops, long Recovered, IReadOnlyList<UserAudioHealth> Users,
    IReadOnlyDictionary<DropReason, long> Drops)
{
    public static VoiceHealth None { get; } = new(0, 0, 0, [], new Dictionary<DropReason, long>());
}

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
