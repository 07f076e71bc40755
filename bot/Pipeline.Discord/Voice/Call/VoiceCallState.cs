namespace Pipeline.Discord.Voice.Call;

/// <summary>Where a guild's call is, from our side.</summary>
public enum VoiceCallState
{
    /// <summary>Not wanted.</summary>
    Idle,

    /// <summary>The main gateway was asked; voice state and voice server are awaited.</summary>
    Joining,

    /// <summary>Both are there, the voice session is being set up.</summary>
    Connecting,

    /// <summary>Audio can be received.</summary>
    Connected,

    /// <summary>Discord is giving the call another server; the new one is awaited.</summary>
    Suspended,

    /// <summary>The voice gateway told us to go; the main gateway tells whether we were moved or disconnected.</summary>
    AwaitingGateway,

    /// <summary>We leave in order to join anew: being in the channel already, a join would not be answered.</summary>
    Leaving,

    /// <summary>Waiting before the next try.</summary>
    BackingOff,

    /// <summary>Over. <see cref="VoiceCall.EndReason"/> tells why.</summary>
    Disconnected,
}
