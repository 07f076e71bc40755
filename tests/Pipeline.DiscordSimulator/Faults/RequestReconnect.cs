using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway sends op 7 and closes if the client has not gone after 5 s.</summary>
public sealed record RequestReconnect : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (GatewayConnection connection in world.Gateway.ConnectionsOf(UserId))
        {
            connection.SendOperation(7, null);
            world.Loop.Schedule(TimeSpan.FromSeconds(5), () => connection.Close(4000, "reconnect"));
        }
    }
}
