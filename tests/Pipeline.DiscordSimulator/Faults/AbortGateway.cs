using Pipeline.Simulator.Gateway;
using Pipeline.Simulator.World;

namespace Pipeline.Simulator.Faults;

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
