using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>Op 4 comes again with a new secret key, which counts from then on.</summary>
public sealed record RenewTransportKey : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (VoiceSession session in world.Voice.SessionsOf(UserId))
            session.RenewKey();
    }
}
