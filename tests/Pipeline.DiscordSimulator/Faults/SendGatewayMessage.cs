using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway sends any message, for example an unknown event or broken JSON.</summary>
/// <param name="Json">The whole envelope as text; it is sent as it is.</param>
public sealed record SendGatewayMessage(string Json) : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (GatewayConnection connection in world.Gateway.ConnectionsOf(UserId))
            connection.SendText(Json);
    }
}
