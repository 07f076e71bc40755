using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Calls;

/// <summary>What somebody asked to be recorded, checked.</summary>
/// <param name="PanelChannel">Where the panel goes; null: nowhere.</param>
/// <param name="Part">Counts on when a recording reached its limit and goes on in a new one.</param>
/// <param name="Rule">The rule that started it; null: a person did.</param>
/// <param name="Said">What people said in the part before.</param>
internal sealed record StartCall(Guild Guild, GuildChannel Channel, ulong StartedBy, string? Title, ulong? PanelChannel,
    KnownSettings Settings, int Part = 1, AutoRecordRule? Rule = null, ConsentLedger? Said = null);
