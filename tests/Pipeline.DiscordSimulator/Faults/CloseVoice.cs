using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>
/// The voice gateway closes with a code (Discord "Voice Close Event Codes"). The codes that say so end the session
/// (4006, 4009, 4014, 4022 and the client's own faults); 4015 and codes below 4000 leave it resumable.
/// </summary>
/// <param name="Code">1000 to 4999.</param>
public sealed record CloseVoice(int Code) : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (VoiceSession session in world.Voice.SessionsOf(UserId))
            session.Close(Code, "injected", resumable: Code is 4015 or < 4000);
    }
}
