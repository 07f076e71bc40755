using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Guilds;

/// <summary>What somebody asked to be recorded, checked.</summary>
/// <param name="PanelChannel">Where the panel goes; null: nowhere.</param>
/// <param name="Part">Counts on when a recording reached its limit and goes on in a new one.</param>
public sealed record StartCall(Guild Guild, GuildChannel Channel, ulong StartedBy, string? Title, ulong? PanelChannel, KnownSettings Settings, int Part = 1);
