using Microsoft.Extensions.Logging;

namespace Pipeline.Discord.Rest;

/// <summary>What the REST client logs, ids 1020 to 1039. No line carries a token or a webhook address.</summary>
internal static partial class RestLog
{
    [LoggerMessage(1020, LogLevel.Debug, "{Method} {Route} -> {Status}")]
    public static partial void RestAnswered(this ILogger log, string method, string route, int status);

    [LoggerMessage(1021, LogLevel.Information, "{Method} {Route} is limited ({Scope}); waiting {Wait}")]
    public static partial void RestLimited(this ILogger log, string method, string route, string scope, TimeSpan wait);

    [LoggerMessage(1022, LogLevel.Warning, "{Method} {Route} failed ({Problem}); attempt {Attempt} follows")]
    public static partial void RestRetried(this ILogger log, string method, string route, string problem, int attempt);

    [LoggerMessage(1023, LogLevel.Information, "The {Scope} commands differ from Discord's and are written")]
    public static partial void CommandsWritten(this ILogger log, string scope);

    [LoggerMessage(1024, LogLevel.Debug, "The {Scope} commands are up to date")]
    public static partial void CommandsUpToDate(this ILogger log, string scope);
}
