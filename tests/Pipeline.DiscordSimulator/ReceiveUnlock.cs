namespace Pipeline.DiscordSimulator;

/// <summary>What opens the way from the SFU to a client.</summary>
public enum ReceiveUnlock
{
    /// <summary>Discovery and op 1 are enough.</summary>
    Discovery,

    /// <summary>The client must have sent one op 5 and one RTP packet as well.</summary>
    SpeakingAndPacket,
}
