using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>Counters of one voice session at one moment.</summary>
/// <param name="Datagrams">All that came out of the socket.</param>
/// <param name="KernelDrops">What the kernel dropped because our socket's buffer was full; 0 where the system does not tell.</param>
/// <param name="Recovered">Datagrams among the drops that waited for their transport key and became frames after all.</param>
/// <param name="Users">Everybody whose audio came.</param>
/// <param name="Drops">Datagrams that did not become a frame, by reason; only reasons that occurred.</param>
public sealed record VoiceHealth(long Datagrams, long KernelDrops, long Recovered, IReadOnlyList<UserAudioHealth> Users, IReadOnlyDictionary<DropReason, long> Drops)
{
    public static VoiceHealth None { get; } = new(0, 0, 0, [], new Dictionary<DropReason, long>());
}
