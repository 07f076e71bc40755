using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway's connection breaks without a close frame (clients see 1006).</summary>
public sealed record AbortGateway : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (GatewayConnection connection in world.Gateway.ConnectionsOf(UserId))
            connection.Abort();
    }
}
