namespace Pipeline.DiscordSimulator.Gateway;

/// <summary>Gateway intents that decide what a session gets (Discord "Gateway Intents").</summary>
[Flags]
internal enum GatewayIntents : ulong
{
    None = 0,
    Guilds = 1 << 0,
    Members = 1 << 1,
    VoiceStates = 1 << 7,
    Presences = 1 << 8,
    Messages = 1 << 9,
    MessageContent = 1 << 15,
    Privileged = Members | Presences | MessageContent,

    /// <summary>Every bit that Discord has given out; others are refused with 4013.</summary>
    Known = (1 << 17) - 1 | 3 << 20 | 3 << 24,
}
