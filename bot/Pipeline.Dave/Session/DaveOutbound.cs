namespace Pipeline.Dave.Session;

/// <summary>One message to send to the voice gateway.</summary>
/// <param name="Opcode">26 and 28 go out as binary <c>u8 opcode || payload</c>; 23 and 31 as JSON with the transition id.</param>
/// <param name="Payload">Body of a binary message, empty for JSON.</param>
/// <param name="TransitionId">For JSON messages.</param>
public readonly record struct DaveOutbound(byte Opcode, ReadOnlyMemory<byte> Payload, int TransitionId)
{
    public bool IsBinary => Opcode is DaveOpcode.KeyPackage or DaveOpcode.CommitWelcome;
}
