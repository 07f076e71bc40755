namespace Pipeline.DiscordSimulator.Voice;

/// <summary>How a real client stands on the voice side, at one moment.</summary>
/// <param name="ChannelId">Its call.</param>
/// <param name="Ssrc">Its own SSRC.</param>
/// <param name="Mode">Selected cipher; null before op 1.</param>
/// <param name="IsConnected">Has a web socket.</param>
/// <param name="HasSpoken">Sent op 5.</param>
/// <param name="HasSent">Sent an RTP packet that opened.</param>
/// <param name="Rejected">Packets of it that did not open or came before op 5.</param>
/// <param name="Keepalives">Keepalives that came from where it is.</param>
/// <param name="LastAcknowledged">Newest seq_ack of a heartbeat; -1 before.</param>
/// <param name="Resumes">Successful op 7 in this session.</param>
/// <param name="Endpoint">Its voice server.</param>
public sealed record VoiceClientState(
    ulong ChannelId,
    uint Ssrc,
    string? Mode,
    bool IsConnected,
    bool HasSpoken,
    bool HasSent,
    long Rejected,
    long Keepalives,
    long LastAcknowledged,
    int Resumes,
    string Endpoint)
{
    internal static VoiceClientState Of(VoiceSession session) => new(
        session.Call.Channel.Id,
        session.Ssrc,
        session.Transport.Mode,
        session.IsConnected,
        session.Transport.HasSpoken,
        session.Transport.HasSent,
        session.Transport.Rejected,
        session.Transport.Keepalives,
        session.LastAcknowledged,
        session.Resumes,
        session.Ticket.Server.Endpoint);
}
