using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Pipeline.Discord.Gateway;

/// <summary>What the gateway logs, ids 1000 to 1019. No line carries a token.</summary>
internal static partial class GatewayLog
{
    /// <summary>A close code as people read it; a connection that broke off has none.</summary>
    public static string Code(int? closeCode) => closeCode?.ToString(CultureInfo.InvariantCulture) ?? "no code";

    [LoggerMessage(1000, LogLevel.Information, "Shard {Shard} is ready as {Name} in {Guilds} guilds")]
    public static partial void GatewayReady(this ILogger log, int shard, string name, int guilds);

    [LoggerMessage(1001, LogLevel.Information, "Shard {Shard} resumed its session")]
    public static partial void GatewayResumed(this ILogger log, int shard);

    [LoggerMessage(1002, LogLevel.Warning, "Shard {Shard} lost its connection ({Code}): {Reason}; next: {Recovery}")]
    public static partial void GatewayLost(this ILogger log, int shard, string code, string reason, string recovery);

    [LoggerMessage(1003, LogLevel.Warning, "The budget of new gateway sessions is used up; waiting {Wait} for it")]
    public static partial void IdentifyBudgetEmpty(this ILogger log, TimeSpan wait);

    [LoggerMessage(1004, LogLevel.Warning, "Shard {Shard}: the last heartbeat was not answered; the connection is abandoned")]
    public static partial void GatewayZombie(this ILogger log, int shard);

    [LoggerMessage(1005, LogLevel.Warning, "Shard {Shard}: a {Type} could not be read and is ignored: {Problem}")]
    public static partial void DispatchUnreadable(this ILogger log, int shard, string type, string problem);

    [LoggerMessage(1006, LogLevel.Error, "Shard {Shard}: closed for a mistake of ours ({Code}): {Reason}")]
    public static partial void GatewayOurFault(this ILogger log, int shard, string code, string reason);

    [LoggerMessage(1007, LogLevel.Debug, "Shard {Shard}: {Type} ({Sequence})")]
    public static partial void Dispatched(this ILogger log, int shard, string type, long sequence);

    [LoggerMessage(1008, LogLevel.Critical, "The gateway refuses the bot ({Code}): {Reason}")]
    public static partial void GatewayFatal(this ILogger log, int code, string reason);

    [LoggerMessage(1009, LogLevel.Warning, "Discord's API is away: {Problem}; asking again in {Wait}")]
    public static partial void GatewayInfoFailed(this ILogger log, string problem, TimeSpan wait);
}
