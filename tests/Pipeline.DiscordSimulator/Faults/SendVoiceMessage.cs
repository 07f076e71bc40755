using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice gateway sends any message, for example an unknown opcode.</summary>
/// <param name="Json">The whole envelope as text; it is sent as it is, well-formed or not.</param>
public sealed record SendVoiceMessage(string Json) : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (VoiceSession session in world.Voice.SessionsOf(UserId))
            session.SendRaw(Json);
    }
}
