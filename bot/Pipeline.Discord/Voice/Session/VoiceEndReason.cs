namespace Pipeline.Discord.Voice.Session;

/// <summary>Why a call is over for us.</summary>
public enum VoiceEndReason
{
    /// <summary>We were asked to leave.</summary>
    Requested,

    /// <summary>
    /// No answer to the join, twice: no permission to see or enter the channel, the channel is full, or it does not exist.
    /// </summary>
    NoAnswer,

    /// <summary>A moderator disconnected us, or the channel was deleted.</summary>
    Kicked,

    /// <summary>Moved to another channel, and following is off.</summary>
    Moved,

    /// <summary>Discord ended the call for all (4022).</summary>
    CallTerminated,

    /// <summary>Discord asks us to stop connecting (4021).</summary>
    RateLimited,

    /// <summary>The channel demands end-to-end encryption, which is switched off here (4017).</summary>
    EncryptionRequired,

    /// <summary>The server offers no transport encryption that we have.</summary>
    NoCommonMode,

    /// <summary>The media server cannot be reached over UDP.</summary>
    MediaUnreachable,

    /// <summary>The voice server refused us or could not be reached, again and again.</summary>
    Refused,

    /// <summary>The voice server found our messages wrong once more after we joined again.</summary>
    ProtocolError,
}
