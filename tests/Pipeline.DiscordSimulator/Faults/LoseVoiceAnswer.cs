namespace Pipeline.DiscordSimulator.Faults;

/// <summary>
/// The voice gateway's connection breaks while a message of the client is on its way: the gateway never sees it, and the client has sent
/// it as far as it can tell.
/// </summary>
/// <param name="Opcode">Of the message that is lost, JSON or binary.</param>
public sealed record LoseVoiceAnswer(int Opcode) : Fault;
