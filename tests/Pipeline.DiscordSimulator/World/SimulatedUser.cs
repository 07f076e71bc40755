using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>An account. Humans have no token; bots belong to a <see cref="SimulatedApplication"/>.</summary>
/// <param name="id">Snowflake.</param>
/// <param name="username">Account name.</param>
/// <param name="isBot">True for applications' accounts.</param>
public sealed class SimulatedUser(ulong id, string username, bool isBot)
{
    /// <summary>Snowflake.</summary>
    public ulong Id { get; } = id;

    /// <summary>Account name.</summary>
    public string Username { get; } = username;

    /// <summary>Name shown where no nickname is set; null shows the account name.</summary>
    public string? GlobalName { get; set; }

    /// <summary>True for applications' accounts.</summary>
    public bool IsBot { get; } = isBot;

    /// <summary>False when the user refuses direct messages (error 50007).</summary>
    public bool AcceptsDirectMessages { get; set; } = true;

    internal JsonObject ToJson() => new()
    {
        ["id"] = Json.Id(Id),
        ["username"] = Username,
        ["global_name"] = GlobalName,
        ["discriminator"] = IsBot ? "0001" : "0",
        ["avatar"] = null,
        ["bot"] = IsBot,
        ["public_flags"] = 0,
        ["flags"] = 0,
    };

    /// <summary>Account name and id.</summary>
    public override string ToString() => $"{Username}({Id})";
}
