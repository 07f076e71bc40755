namespace Pipeline.Discord.Voice.Session;

/// <summary>Why a voice session is over.</summary>
public enum VoiceSessionEndKind
{
    /// <summary>We wanted it.</summary>
    Stopped,

    /// <summary>The gateway closed, or the transport was lost and resuming did not bring it back.</summary>
    Closed,

    /// <summary>The gateway could not be reached or did not answer in time.</summary>
    Unreachable,

    /// <summary>The server offers no transport mode that we have.</summary>
    NoCommonMode,

    /// <summary>The media server did not answer IP discovery: UDP is blocked.</summary>
    MediaUnreachable,

    /// <summary>The media server fell silent, keepalive echoes included.</summary>
    MediaPathLost,

    /// <summary>Audio could not be decrypted, and new keys did not help.</summary>
    EncryptionLost,

    /// <summary>An error of ours in this session.</summary>
    Failed,
}

/// <summary>How a voice session ended.</summary>
/// <param name="Kind">Why.</param>
/// <param name="CloseCode">Of the gateway, when there was one.</param>
/// <param name="Detail">For people; no secrets.</param>
public sealed record VoiceSessionEnd(VoiceSessionEndKind Kind, int? CloseCode, string Detail)
{
    /// <summary>Timestamp of the last datagram where the media path was dead; null: audio came until the end, as far as is known.</summary>
    public long? SilentSince { get; init; }

    /// <summary>The server echoed keepalives.</summary>
    public bool HasEchoed { get; init; }

    /// <summary>What follows from it.</summary>
    public VoiceCloseAction Action => Kind switch
    {
        VoiceSessionEndKind.Closed => VoiceClosePolicy.For(CloseCode),
        VoiceSessionEndKind.NoCommonMode => VoiceCloseAction.GiveUp,
        VoiceSessionEndKind.MediaUnreachable => VoiceCloseAction.RejoinThreeTimes,
        _ => VoiceCloseAction.Rejoin,
    };

    /// <summary>What to call it when it is the end of the whole call.</summary>
    public VoiceEndReason FinalReason => Kind switch
    {
        VoiceSessionEndKind.NoCommonMode => VoiceEndReason.NoCommonMode,
        VoiceSessionEndKind.MediaUnreachable => VoiceEndReason.MediaUnreachable,
        VoiceSessionEndKind.Closed when CloseCode == VoiceClosePolicy.DaveRequired => VoiceEndReason.EncryptionRequired,
        VoiceSessionEndKind.Closed when CloseCode == VoiceClosePolicy.RateLimited => VoiceEndReason.RateLimited,
        _ => VoiceEndReason.Refused,
    };

    /// <summary>One sentence for people.</summary>
    public string Summary => Kind switch
    {
        VoiceSessionEndKind.Closed when CloseCode is { } code => $"the voice server closed the connection ({code})",
        VoiceSessionEndKind.Closed => "the connection to the voice server was lost",
        VoiceSessionEndKind.Unreachable => "the voice server cannot be reached",
        VoiceSessionEndKind.NoCommonMode => $"no common transport encryption: {Detail}",
        VoiceSessionEndKind.MediaUnreachable => "the media server cannot be reached over UDP",
        VoiceSessionEndKind.MediaPathLost => "the media server fell silent",
        VoiceSessionEndKind.EncryptionLost => "the call's encryption keys do not fit",
        _ => "the voice session failed",
    };
}
