using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Observability;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Bot.Cli;

/// <summary>The host that every command of the bot runs in: settings, log on standard error, signals, the recordings.</summary>
internal static class BotHost
{
    // What the stop needs beside the drain itself: manifests, leases, files.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    public static HostApplicationBuilder CreateBuilder(IConfiguration configuration, BotOptions options)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddConfiguration(configuration);
        builder.Logging.AddConfiguration(configuration.GetSection("Logging"));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Azure", LogLevel.None);
        // A failed start is said once, by the command's guard; a background service that dies is critical.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ "));
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console =>
            console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownGrace + Margin);
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
        builder.Services.AddSingleton(TimeProvider.System).AddTelemetry(options.Hosting).AddHealth(options.Hosting).AddRecordings(options);
        return builder;
    }

    /// <summary>Runs the host to its end.</summary>
    /// <returns>False: a bug of ours has ended one of its background services, and thereby the host. The log has it.</returns>
    public static async Task<bool> RunAsync(IHost app, CancellationToken cancellationToken)
    {
        BackgroundService[] services = BackgroundServices(app); // taken now: running the host ends with disposing them
        try
        {
            await app.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (services.Any(IsBroken))
        {
            return false; // before all had started
        }
        return !services.Any(IsBroken);
    }

    /// <summary>A bug of ours has ended one of the background services.</summary>
    public static bool HasBroken(IHost app) => BackgroundServices(app).Any(IsBroken);

    /// <summary>Says once which decoder records where it is not libopus.</summary>
    public static void TellCodecs(IHost app, OpusCodecs codecs, OpusChoice choice)
    {
        if (!codecs.IsManaged) return;
        string reason = choice == OpusChoice.Managed ? "RECORDING_OPUS says so"
            : "libopus is not installed (Debian, Ubuntu: apt-get install libopus0)";
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Pipeline.Bot").OpusIsManaged(codecs.Name, reason);
    }

    /// <summary>Says once what somebody has set, and where: a log of weeks ago tells how that bot ran.</summary>
    public static void TellSettings(IHost app, SettingSources sources) =>
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Pipeline.Bot")
            .SettingsInForce(SettingsInForce.Line(sources, KnownSettings.Of(Programs.Bot)));

    /// <summary>Says once what is asked for and cannot be had in the format of the segments.</summary>
    public static void TellFormat(IHost app, CaptureOptions capture)
    {
        if (capture.LacksVad) app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Pipeline.Bot").VadIsOff();
    }

    private static BackgroundService[] BackgroundServices(IHost app) =>
        [.. app.Services.GetServices<IHostedService>().OfType<BackgroundService>()];

    private static bool IsBroken(BackgroundService service) => service.ExecuteTask is { IsFaulted: true };
}
