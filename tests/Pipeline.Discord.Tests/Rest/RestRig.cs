using Microsoft.Extensions.Logging;
using Pipeline.Discord.Rest;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Rest;

/// <summary>A REST client against a simulator.</summary>
internal sealed class RestRig : IAsyncDisposable
{
    private readonly HttpClient http = new();

    private RestRig(Simulator discord, DiscordRestOptions options)
    {
        Discord = discord;
        ILoggerFactory logs = Log;
        Client = new DiscordRestClient(http, options, TimeProvider.System, logs.CreateLogger<DiscordRestClient>());
    }

    public Simulator Discord { get; }
    public DiscordRestClient Client { get; }
    public LogSink Log { get; } = new();
    public ulong Channel => Discord.TextChannel.Id;

    public static async Task<RestRig> StartAsync(SimulatorOptions? simulator = null, string? token = null, int globalPerSecond = 50)
    {
        Simulator discord = await Simulator.StartAsync(simulator);
        return new RestRig(discord,
            new DiscordRestOptions
            {
                Token = token ?? discord.Bot.Token,
                ApiBase = new Uri(discord.ApiBaseUrl),
                RetryDelay = TimeSpan.FromMilliseconds(10),
                GlobalPerSecond = globalPerSecond,
            });
    }

    public Task<SentMessage> PostAsync(string text) =>
        Client.PostMessageAsync(Channel, new MessageBody { Content = text }, text, TestContext.Current.CancellationToken);

    public int Requests(string method, string part) =>
        Discord.Requests.Count(request => request.Method == method && request.Path.Contains(part, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        http.Dispose();
        await Discord.DisposeAsync();
    }
}
