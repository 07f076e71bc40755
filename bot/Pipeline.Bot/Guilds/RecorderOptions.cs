using System.Text;
using Pipeline.Bot.Calls;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Guilds;

/// <summary>What the environment says about Discord; read by <c>RecorderOptionsReader</c>.</summary>
internal sealed record RecorderOptions
{
    public required GatewayOptions Gateway { get; init; }
    public required DiscordRestOptions Rest { get; init; }
    public required CatalogueOptions Api { get; init; }
    public VoiceCallOptions Voice { get; init; } = new();

    /// <summary>DISCORD_GUILD_ID: declare the commands in this guild only; null: everywhere.</summary>
    public ulong? CommandGuild { get; init; }

    /// <summary>RECORDING_EMPTY_TIMEOUT: how long the bot stays when everybody has left.</summary>
    public TimeSpan EmptyTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>First wait before a call that was given up is joined once more; doubles.</summary>
    public TimeSpan RejoinDelay { get; init; } = TimeSpan.FromSeconds(15);

    public WarningTimes Warnings { get; init; } = new();

    /// <summary>Last-known settings, changed names, panels that are followed.</summary>
    public required string StateFolder { get; init; }

    private bool PrintMembers(StringBuilder text)
    {
        text.Append("CommandGuild = ").Append(CommandGuild).Append(", EmptyTimeout = ").Append(EmptyTimeout);
        return true;
    }
}
