using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice gateway sends any binary message, numbered as the others.</summary>
/// <param name="Opcode">For example 27.</param>
/// <param name="Body">What follows it.</param>
public sealed record SendVoiceBinary(byte Opcode, ReadOnlyMemory<byte> Body) : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (VoiceSession session in world.Voice.SessionsOf(UserId))
            session.SendBinary(Opcode, Body.Span);
    }
}
