namespace Pipeline.Discord.Voice.Session;

/// <summary>What a recorder does when the voice gateway closes.</summary>
public enum VoiceCloseAction
{
    /// <summary>The transport was lost: resume on a new socket, rejoin when that fails.</summary>
    Resume,

    /// <summary>The session is gone: join again through the main gateway.</summary>
    Rejoin,

    /// <summary>As <see cref="Rejoin"/>, but three times in a row mean that it will not get better.</summary>
    RejoinThreeTimes,

    /// <summary>Our protocol error: join again once, the second time is final.</summary>
    RejoinOnce,

    /// <summary>Moved, disconnected, or the channel is gone: the main gateway tells which.</summary>
    AwaitGateway,

    /// <summary>The call was ended or changed its server: only a new server goes on.</summary>
    AwaitServer,

    /// <summary>Must not be repeated.</summary>
    GiveUp,
}

/// <summary>Close codes of the voice gateway (Discord: Opcodes and Status Codes, Voice Close Event Codes).</summary>
public static class VoiceClosePolicy
{
    public const int CannotConnect = 4014;
    public const int DaveRequired = 4017;
    public const int RateLimited = 4021;
    public const int CallTerminated = 4022;

    /// <param name="closeCode">Null when the connection broke without a close message.</param>
    public static VoiceCloseAction For(int? closeCode) => closeCode switch
    {
        null or < 4000 => VoiceCloseAction.Resume,
        4006 or 4009 => VoiceCloseAction.Rejoin,
        4004 or 4011 => VoiceCloseAction.RejoinThreeTimes,
        4001 or 4002 or 4003 or 4005 or 4012 or 4016 or 4020 => VoiceCloseAction.RejoinOnce,
        CannotConnect => VoiceCloseAction.AwaitGateway,
        CallTerminated => VoiceCloseAction.AwaitServer,
        DaveRequired or RateLimited => VoiceCloseAction.GiveUp,
        _ => VoiceCloseAction.Resume,
    };
}
