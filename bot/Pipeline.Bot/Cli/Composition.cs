using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.AutoRecord;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Retention;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;
using Pipeline.Hosting;

namespace Pipeline.Bot.Cli;

/// <summary>
/// Builds the bot out of its parts. The order of the hosted services is the order of start, and backwards that of the stop.
/// </summary>
internal static class Composition
{
    /// <summary>Added first, so that probes are answered while everything else starts and until everything else has stopped.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services, HostingOptions options)
    {
        services.AddSingleton(options);
        // A process has one heap and lives in real time, also where a recording's clock runs faster.
        services.AddHostedService(_ => new MemoryTrim(TimeProvider.System));
        services.AddHostedService(provider => new HealthServer(
            options,
            provider.GetRequiredService<ActiveRecordings>(),
            provider.GetRequiredService<SpoolWatch>(),
            provider.GetService<ShardLease>(),
            provider.GetService<GatewayClient>(),
            provider.GetRequiredService<ILogger<HealthServer>>()));
        return services;
    }

    /// <summary>
    /// Added between the recordings and Discord: the lease is taken before the gateway is identified; at the end the gateway is left,
    /// the lease is given back, and only then the recordings are handed over, while the next bot identifies.
    /// </summary>
    public static IServiceCollection AddShardLease(this IServiceCollection services, ShardName name)
    {
        services.AddSingleton(name).AddSingleton<ShardLease>();
        services.AddHostedService<Heartbeat>();
        services.AddHostedService(provider => provider.GetRequiredService<ShardLease>());
        return services;
    }

    /// <summary>
    /// Sends metrics and traces where OTEL_EXPORTER_OTLP_ENDPOINT says (the exporter reads the other OTEL_ settings by itself),
    /// and lets metrics be scraped at PROMETHEUS_ENDPOINT.
    /// </summary>
    /// <exception cref="AddressUnavailableException">PROMETHEUS_ENDPOINT is taken or not ours.</exception>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, HostingOptions options)
    {
        services.AddTelemetry(new TelemetryOf("Pipeline.Bot", typeof(Composition).Assembly, BotMetrics.MeterName),
            options.TelemetryEndpoint, options.PrometheusEndpoint);
        return services;
    }

    /// <summary>
    /// Adds spool, uploads and recordings. They start in this order and stop in the reverse: recordings are handed over first
    /// and use the grace to drain, then closing and uploads end.
    /// </summary>
    public static IServiceCollection AddRecordings(this IServiceCollection services, BotOptions options)
    {
        services.AddSingleton(options).AddSingleton(options.Spool).AddSingleton(options.Upload);
        services.AddSingleton(options.Capture).AddSingleton(new RecordingOptions(options.Capture, options.ShutdownGrace));
        services.AddSingleton(new TempStorages([new TempStorage(options.Storage)]));
        services.AddSingleton<SegmentSpool>().AddSingleton<LiveManifests>().AddSingleton<StorageRetry>().AddSingleton<BotMetrics>();
        services.AddSingleton<RecordingLeases>().AddSingleton<SegmentDelivery>().AddSingleton<UnownedRecordings>();
        services.AddSingleton<SegmentUploader>().AddHostedService(provider => provider.GetRequiredService<SegmentUploader>());
        services.AddSingleton<RecordingCloser>().AddHostedService(provider => provider.GetRequiredService<RecordingCloser>());
        services.AddSingleton<SpoolWatch>().AddHostedService(provider => provider.GetRequiredService<SpoolWatch>());
        services.AddSingleton<ActiveRecordings>().AddHostedService(provider => provider.GetRequiredService<ActiveRecordings>());
        return services;
    }

    /// <summary>Added after the recordings, so that it stops first: calls are left before recordings are handed over.</summary>
    public static IServiceCollection AddDiscord(this IServiceCollection services, RecorderOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(provider =>
            new DiscordRestClient(DiscordHttp.Create(options.Rest.ExtraRoots), options.Rest, Time(provider),
            Log<DiscordRestClient>(provider)));
        services.AddSingleton(provider =>
            new GatewayClient(options.Gateway, provider.GetRequiredService<DiscordRestClient>().GetGatewayAsync, Time(provider),
            new Random(Seed()), Log<GatewayClient>(provider)));
        services.AddSingleton(provider => new CatalogueClient(RecordingApiHttp.Create(), options.Api, Time(provider)));
        services.AddSingleton(provider =>
            new GuildSettingsStore(provider.GetRequiredService<CatalogueClient>(), options.StateFolder, Time(provider),
            Log<GuildSettingsStore>(provider)));
        services.AddSingleton<WarmStandby>().AddSingleton<RecordingFollower>().AddHostedService<HeldRecordings>();
        services.AddGuilds(options);
        services.AddCommand<StartCommand>().AddCommand<StopCommand>().AddCommand<StatusCommand>().AddCommand<NoteCommand>();
        services.AddCommand<PauseCommand>().AddCommand<MeCommand>().AddCommand<VerifyCommand>();
        services.AddCommand<ForgetCommand>().AddSingleton<ForgottenPeople>()
            .AddHostedService(provider => provider.GetRequiredService<ForgottenPeople>());
        services.AddCommand<KeepCommand>().AddHostedService<ExpiryReminder>();
        services.AddSingleton<IButton>(provider => provider.GetRequiredService<ForgetCommand>());
        services.AddSingleton<IButton>(provider => provider.GetRequiredService<DeleteCommand>());
        services.AddSingleton<IButton>(provider => provider.GetRequiredService<LinkCommand>());
        services.AddCommand<ListCommand>().AddCommand<LinkCommand>().AddCommand<DeleteCommand>().AddCommand<SettingsCommand>();
        services.AddSingleton<BotStatus>().AddSingleton<CommandPace>().AddSingleton<CommandRights>().AddSingleton<FinishedRecordings>();
        services.AddSingleton<RecordCommands>().AddSingleton<RecordButtons>().AddSingleton<InteractionRouter>();
        services.AddSingleton<CommandDeclaration>().AddSingleton<GatewayPump>()
            .AddHostedService(provider => provider.GetRequiredService<GatewayPump>());
        services.AddCommand<AutoCommand>().AddSingleton<AutoRules>().AddSingleton<AutoRecorder>()
            .AddHostedService(provider => provider.GetRequiredService<AutoRecorder>());
        return services;
    }

    /// <summary>All that records a guild logs as its recorder.</summary>
    private static void AddGuilds(this IServiceCollection services, RecorderOptions options)
    {
        services.AddSingleton<RecordingLinks>().AddSingleton<GuildPeople>();
        services.AddSingleton(provider =>
            new Nickname(provider.GetRequiredService<DiscordRestClient>(), options.StateFolder, Log<GuildRecorder>(provider)));
        services.AddSingleton(provider => new FollowedPanels(options.StateFolder, Log<GuildRecorder>(provider)));
        services.AddSingleton(provider =>
            new GuildPosts(provider.GetRequiredService<DiscordRestClient>(), Time(provider), Log<GuildRecorder>(provider)));
        services.AddSingleton<Func<VoiceCall>>(provider =>
            () => new VoiceCall(options.Voice, (guild, channel, token) => provider.GetRequiredService<GatewayClient>()
                .UpdateVoiceStateAsync(guild, channel, selfMute: false, selfDeaf: false, token), Time(provider),
            Log<GuildRecorder>(provider)));
        services.AddSingleton(provider => new CallMessagesFactory(provider.GetRequiredService<GuildPeople>(),
            provider.GetRequiredService<GuildPosts>(), provider.GetRequiredService<RecordingLinks>(), options.Warnings.StorageAway));
        services.AddSingleton(provider => new RecordedCallFactory(provider.GetRequiredService<Func<VoiceCall>>(),
            provider.GetRequiredService<CallMessagesFactory>(), provider.GetRequiredService<GuildSettingsStore>(), options.Warnings,
            options.EmptyTimeout, Time(provider), Log<GuildRecorder>(provider)));
        services.AddSingleton<RecordingOpening>().AddSingleton<EndingLinks>().AddSingleton<EndedPanels>().AddSingleton<RecordingEnding>();
        services.AddSingleton<LeftCallClosing>().AddSingleton<CallTakeover>();
        services.AddSingleton<GuildRecorders>().AddSingleton<RecordingSearch>();
        services.AddSingleton<WaitingRecordings>().AddSingleton<GuildOptOuts>();
    }

    private static TimeProvider Time(IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();

    private static ILogger<T> Log<T>(IServiceProvider provider) => provider.GetRequiredService<ILogger<T>>();

    private static int Seed() => System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue);

    private static IServiceCollection AddCommand<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceCollection services) where T : class, ISlashCommand =>
        services.AddSingleton<T>().AddSingleton<ISlashCommand>(provider => provider.GetRequiredService<T>());
}
