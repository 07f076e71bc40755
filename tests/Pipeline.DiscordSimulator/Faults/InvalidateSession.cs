using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway sends op 9.</summary>
/// <param name="Resumable">False also ends the session and with it the client's voice connections.</param>
public sealed record InvalidateSession(bool Resumable) : Fault
{
    internal override bool Stands => false;

    internal override void Happen(SimulatedWorld world)
    {
        foreach (GatewayConnection connection in world.Gateway.ConnectionsOf(UserId))
        {
            connection.SendOperation(9, JsonValue.Create(Resumable));
            if (!Resumable && connection.Session is { } session)
                world.Gateway.End(session, "invalidated");
        }
    }
}
