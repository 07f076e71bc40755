using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Cli;

/// <summary>Puts Discord and the commands into a host.</summary>
public static class DiscordServices
{
    /// <summary>Added after the recordings' room, so that it stops first: calls are left before recordings are handed over.</summary>
    public static IServiceCollection AddDiscord(this IServiceCollection services, RecorderOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(provider => new DiscordRestClient(Http(), options.Rest, Time(provider), Log<DiscordRestClient>(provider)));
        services.AddSingleton(provider => new GatewayClient(options.Gateway, provider.GetRequiredService<DiscordRestClient>().GetGatewayAsync, Time(provider), new Random(Seed()), Log<GatewayClient>(provider)));
        services.AddSingleton(provider => new CatalogueClient(Http(), options.Api, Time(provider)));
        services.AddSingleton(provider => new GuildSettingsStore(provider.GetRequiredService<CatalogueClient>(), options.StateFolder, Time(provider), Log<GuildSettingsStore>(provider)));
        services.AddSingleton<WarmStandby>().AddSingleton<RecordingFollower>().AddSingleton<RecorderServices>().AddSingleton<GuildRecorders>();
        services.AddSingleton<LibraryCommands>().AddSingleton<RecordCommands>().AddSingleton<RecordButtons>().AddSingleton<InteractionRouter>();
        services.AddSingleton<GatewayPump>().AddHostedService(provider => provider.GetRequiredService<GatewayPump>());
        return services;
    }

    /// <summary>One per peer for the life of the process; connections are renewed so that a changed address is noticed.</summary>
    private static HttpClient Http() => new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AutomaticDecompression = System.Net.DecompressionMethods.All }) { Timeout = Timeout.InfiniteTimeSpan };

    private static TimeProvider Time(IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();

    private static ILogger<T> Log<T>(IServiceProvider provider) => provider.GetRequiredService<ILogger<T>>();

    private static int Seed() => System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue);
}
