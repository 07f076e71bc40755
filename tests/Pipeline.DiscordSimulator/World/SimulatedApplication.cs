namespace Pipeline.DiscordSimulator.World;

/// <summary>A registered application: its bot account, its token and what Discord counts about it.</summary>
/// <param name="user">The bot account; its id is the application's id too.</param>
/// <param name="token">What the bot authenticates with.</param>
public sealed class SimulatedApplication(SimulatedUser user, string token)
{
    /// <summary>Same as the bot account's.</summary>
    public ulong Id => User.Id;

    /// <summary>The bot account.</summary>
    public SimulatedUser User { get; } = user;

    /// <summary>What the bot authenticates with, without the word "Bot".</summary>
    public string Token { get; } = token;

    /// <summary>Identifies left today; 0 refuses the next one.</summary>
    public int SessionStartsLeft { get; set; } = 1000;

    /// <summary>Total of identifies a day.</summary>
    public int SessionStartsTotal { get; set; } = 1000;

    /// <summary>How long until the budget is full again.</summary>
    public TimeSpan SessionStartResetAfter { get; set; } = TimeSpan.FromHours(4);

    /// <summary>Identifies that may start together (one per 5 s and key).</summary>
    public int MaxConcurrency { get; set; } = 1;

    /// <summary>Shards that Discord recommends.</summary>
    public int RecommendedShards { get; set; } = 1;

    /// <summary>What READY names for resuming; null for the gateway's own address.</summary>
    public string? ResumeUrl { get; set; }

    /// <summary>Privileged intents (members, presences, message content) that the developer portal allows.</summary>
    public ulong PrivilegedIntents { get; set; }

    /// <summary>Number of successful identifies.</summary>
    public int Identifies { get; internal set; }
}
