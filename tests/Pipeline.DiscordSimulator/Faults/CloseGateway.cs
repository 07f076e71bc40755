using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway closes with a code (Discord "Gateway Close Event Codes"). The session stays resumable.</summary>
/// <param name="Code">1000 to 4999.</param>
public sealed record CloseGateway(int Code) : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (GatewayConnection connection in world.Gateway.ConnectionsOf(UserId))
            connection.Close(Code, "injected");
    }
}
