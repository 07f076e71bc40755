using Microsoft.Extensions.DependencyInjection;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;

namespace Pipeline.Bot.Cli;

/// <summary>Puts this room into a host.</summary>
public static class UploadServices
{
    /// <summary>
    /// Adds spool, uploads and recordings. They start in this order and stop in the reverse: recordings are handed over first
    /// and use the grace to drain, then closing and uploads end.
    /// </summary>
    public static IServiceCollection AddRecordings(this IServiceCollection services, BotOptions options)
    {
        services.AddSingleton(options).AddSingleton(options.Capture).AddSingleton(options.Spool).AddSingleton(options.Upload).AddSingleton(new HandOverOptions(options.ShutdownGrace));
        services.AddSingleton(new TempStorages([new TempStorage(options.Storage)]));
        services.AddSingleton<SegmentSpool>().AddSingleton<LiveManifests>().AddSingleton<StorageRetry>().AddSingleton<BotMetrics>();
        services.AddSingleton<SegmentUploader>().AddHostedService(provider => provider.GetRequiredService<SegmentUploader>());
        services.AddSingleton<RecordingCloser>().AddHostedService(provider => provider.GetRequiredService<RecordingCloser>());
        services.AddSingleton<ActiveRecordings>().AddHostedService(provider => provider.GetRequiredService<ActiveRecordings>());
        return services;
    }
}
