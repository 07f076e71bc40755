using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>What a call tells its recording, in order.</summary>
public abstract record VoiceCallEvent
{
    /// <summary>The first connection of this call: audio can be received from now on.</summary>
    public sealed record Connected(ulong ChannelId) : VoiceCallEvent;

    /// <summary>
    /// Audio does not reach us any more; we are getting it back. May come again with another reason before <see cref="Reconnected"/>.
    /// </summary>
    public sealed record Reconnecting(string Reason) : VoiceCallEvent
    {
        /// <summary>How long nothing had come when it was noticed.</summary>
        public TimeSpan SilentFor { get; init; }
    }

    /// <summary>Audio can be received again.</summary>
    /// <param name="ChannelId">Where.</param>
    /// <param name="Gap">How long it could not.</param>
    public sealed record Reconnected(ulong ChannelId, TimeSpan Gap) : VoiceCallEvent;

    /// <summary>We were moved and follow.</summary>
    public sealed record Moved(ulong ChannelId) : VoiceCallEvent;

    /// <summary>The last event of a call.</summary>
    public sealed record Disconnected(VoiceEndReason Reason, string Detail) : VoiceCallEvent
    {
        /// <summary>Of the voice gateway, when it closed.</summary>
        public int? CloseCode { get; init; }
    }

    /// <summary>Somebody is in the call with us, as the voice server tells.</summary>
    public sealed record UserJoined(ulong UserId) : VoiceCallEvent;

    /// <summary>
    /// Audio comes of which Discord has not told whose it is; it is delivered under the source's number in place of a user's id.
    /// </summary>
    public sealed record SourceUnnamed(uint Ssrc) : VoiceCallEvent;

    /// <summary>It is known now whose such a source is: what comes from here on is delivered under the user's id.</summary>
    public sealed record SourceNamed(uint Ssrc, ulong UserId) : VoiceCallEvent;

    public sealed record UserLeft(ulong UserId) : VoiceCallEvent;

    /// <summary>A moderator deafened us (no audio comes) or undid it.</summary>
    public sealed record Deafened(bool IsDeafened) : VoiceCallEvent;

    /// <summary>The end-to-end group's code that people can compare, or null when the call is not encrypted end to end.</summary>
    public sealed record PrivacyCode(string? Code) : VoiceCallEvent;

    /// <summary>How far the call's audio is protected from now on.</summary>
    public sealed record Protection(DaveProtection State) : VoiceCallEvent;

    /// <summary>
    /// Audio arrives that cannot be decrypted, and neither new keys nor joining again has helped. The call goes on trying.
    /// </summary>
    public sealed record EncryptionBroken : VoiceCallEvent;

    /// <summary>Counters of the running voice session, every few seconds.</summary>
    public sealed record UserHealth(VoiceHealth Health) : VoiceCallEvent;

    /// <summary>What a session's news means to the recording by itself; null when the call has to judge.</summary>
    internal static VoiceCallEvent? From(VoiceSessionNews news) => news switch
    {
        VoiceSessionNews.UserJoined joined => new UserJoined(joined.UserId),
        VoiceSessionNews.UserLeft left => new UserLeft(left.UserId),
        VoiceSessionNews.PrivacyCode code => new PrivacyCode(code.Code),
        VoiceSessionNews.SourceUnnamed source => new SourceUnnamed(source.Ssrc),
        VoiceSessionNews.SourceNamed source => new SourceNamed(source.Ssrc, source.UserId),
        VoiceSessionNews.Protection protection => new Protection(protection.State),
        VoiceSessionNews.EncryptionBroken => new EncryptionBroken(),
        _ => null,
    };
}
