namespace Pipeline.DiscordSimulator.Media;

/// <summary>What became of one packet on its way to one client.</summary>
public enum DeliveryOutcome
{
    /// <summary>Sent to the client's socket.</summary>
    Delivered,

    /// <summary>Sent a second time.</summary>
    Duplicate,

    /// <summary>Dropped by <see cref="MediaConditions.Loss"/>.</summary>
    Lost,

    /// <summary>The speaker is muted or suppressed.</summary>
    SenderMuted,

    /// <summary>The client is deafened.</summary>
    ReceiverDeaf,

    /// <summary>The client has not selected a protocol, told a wrong address, let its mapping die or has not unlocked receiving.</summary>
    Unreachable,
}
