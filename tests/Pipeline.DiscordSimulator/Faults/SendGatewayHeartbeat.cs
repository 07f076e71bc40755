using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway asks for a heartbeat (op 1); the client must answer at once.</summary>
public sealed record SendGatewayHeartbeat : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (GatewayConnection connection in world.Gateway.ConnectionsOf(UserId))
            connection.SendOperation(1, JsonValue.Create((long?)null));
    }
}
