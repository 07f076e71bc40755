using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>
/// The call gets another voice server: optionally a null endpoint first, then VOICE_SERVER_UPDATE with the new one;
/// the old web socket is closed with <see cref="CloseCode"/>.
/// </summary>
public sealed record VoiceServerMoves : Fault
{
    /// <summary>How long there is no server; zero skips the null endpoint.</summary>
    public TimeSpan Without { get; init; }

    /// <summary>What the old connection is closed with; null leaves it to the client.</summary>
    public int? CloseCode { get; init; } = 4014;

    /// <summary>Announce the very same endpoint again; a new connection is due even so.</summary>
    public bool SameEndpoint { get; init; }

    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world) => world.Voice.MoveServer(UserId, this);
}
