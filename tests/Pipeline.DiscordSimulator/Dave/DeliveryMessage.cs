namespace Pipeline.DiscordSimulator.Dave;

/// <summary>One message of the delivery service to one client.</summary>
/// <param name="UserId">Receiver.</param>
/// <param name="Opcode">21, 22 and 24 are JSON; 25, 27, 29 and 30 binary.</param>
/// <param name="Body">Binary body after the opcode.</param>
/// <param name="TransitionId">Of op 21, 22; in front of the body of 29 and 30 already.</param>
/// <param name="ProtocolVersion">Of op 21 and 24.</param>
/// <param name="Epoch">Of op 24.</param>
public sealed record DeliveryMessage(ulong UserId, byte Opcode, byte[] Body, int TransitionId = 0, int ProtocolVersion = 0, int Epoch = 0)
{
    public bool IsBinary => Opcode is 25 or 27 or 29 or 30;
}
