using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice web socket breaks without a close frame; UDP goes on and the session is resumable.</summary>
public sealed record AbortVoice : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (VoiceSession session in world.Voice.SessionsOf(UserId))
            session.Abort();
    }
}
