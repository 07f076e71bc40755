using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The SFU sends any bytes to a client: garbage, truncated packets, late discovery replies.</summary>
/// <param name="Bytes">The datagram.</param>
public sealed record SendDatagram(ReadOnlyMemory<byte> Bytes) : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (VoiceSession session in world.Voice.SessionsOf(UserId))
            session.SendDatagram(Bytes.Span);
    }
}
