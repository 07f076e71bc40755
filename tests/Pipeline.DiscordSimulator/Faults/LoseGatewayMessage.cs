namespace Pipeline.DiscordSimulator.Faults;

/// <summary>
/// The main gateway's connection breaks while a message of the client is on its way: the gateway never sees it, and the client has sent it
/// as far as it can tell.
/// </summary>
/// <param name="Opcode">Of the message that is lost.</param>
public sealed record LoseGatewayMessage(int Opcode) : Fault;
