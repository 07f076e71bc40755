using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Calls;

/// <summary>What somebody asked to be recorded, checked.</summary>
/// <param name="PanelChannel">Where the panel goes; null: nowhere.</param>
/// <param name="Part">Counts on when a recording reached its limit and goes on in a new one.</param>
/// <param name="Rule">The rule that started it; null: a person did.</param>
/// <param name="Before">The part that it follows; null: it is the first one.</param>
internal sealed record StartCall(Guild Guild, GuildChannel Channel, ulong StartedBy, string? Title, ulong? PanelChannel,
    KnownSettings Settings, int Part = 1, AutoRecordRule? Rule = null, PartBefore? Before = null);

/// <summary>What a part leaves to the next one.</summary>
/// <param name="Said">What people said about being recorded.</param>
/// <param name="IsNameChanged">The bot's name says still that it records.</param>
/// <param name="Name">The nickname to give back in the end; null: it had none.</param>
/// <param name="IsLinkWithheld">Not everybody who sees the panel may enter the channel.</param>
internal sealed record PartBefore(ConsentLedger? Said, bool IsNameChanged, string? Name, bool IsLinkWithheld);
