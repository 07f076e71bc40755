using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Panel;

/// <summary>What those are told who manage the server: how the bot itself is.</summary>
internal static class OwnerTexts
{
    public static string Of(BotFigures bot)
    {
        string waiting = bot.Spool.Files == 0 ? "nothing waits"
            : $"{Wording.Count(bot.Spool.Files, "segment")} {(bot.Spool.Files == 1 ? "waits" : "wait")} ({Wording.Bytes(bot.Spool.Bytes)})";
        return string.Create(CultureInfo.InvariantCulture,
            $"Version {bot.Version}, up for {Uptime(bot.Up)}. Recordings now: {bot.Recordings}, safe up to {Lag(bot)} s ago. ")
            + $"Disk: {Wording.Bytes(bot.Spool.FreeBytes)} free, {waiting}.";
    }

    private static string Lag(BotFigures bot) => Wording.Seconds(SampleClock.ToTime(bot.LagSamples));

    private static string Uptime(TimeSpan up) => up switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{up.Days} d {up.Hours} h"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{up.Hours} h {up.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{up.Minutes} min"),
    };
}
