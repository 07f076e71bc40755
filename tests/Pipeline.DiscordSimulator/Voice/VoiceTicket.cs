using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>What VOICE_STATE_UPDATE and VOICE_SERVER_UPDATE together allow: one member on one server with one token.</summary>
internal sealed record VoiceTicket(
    SimulatedMember Member,
    SimulatedChannel Channel,
    GatewaySession Gateway,
    string SessionId,
    string Token,
    VoiceServer Server);
