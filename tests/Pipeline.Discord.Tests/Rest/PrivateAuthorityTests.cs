using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Tests.Voice.Call;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Rest;

/// <summary>An authority of one's own counts for REST, for the gateway and for voice; without it none of them connects.</summary>
public sealed class PrivateAuthorityTests
{
    [Fact]
    public async Task Rest_trusts_it_only_when_told_to()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using TlsFront front = new(new Uri(discord.ApiBaseUrl).Port);
        Assert.Equal(discord.Bot.Id, (await SelfAsync(discord, front, [front.Authority])).Id);
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => SelfAsync(discord, front, []));
        Assert.Equal(HttpRequestError.SecureConnectionError, refused.HttpRequestError);
    }

    [Fact]
    public async Task Gateway_trusts_it_only_when_told_to()
    {
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { EnforceIdentifyPace = false });
        await using TlsFront front = new(new Uri(discord.GatewayUrl).Port);
        Uri secured = new UriBuilder(discord.GatewayUrl) { Scheme = "wss", Port = front.Port }.Uri;
        using CancellationTokenSource stop = new();
        GatewayClient trusting = Client(discord, secured, [front.Authority]), wary = Client(discord, secured, []);
        Task[] running = [trusting.RunAsync(stop.Token), wary.RunAsync(stop.Token)];
        await Simulator.WaitUntilAsync(() => trusting.IsReady, TimeSpan.FromSeconds(60), "the gateway is ready");
        Assert.False(wary.IsReady);
        await stop.CancelAsync();
        foreach (Task one in running) await Task.WhenAny(one);
    }

    [Theory]
    [InlineData(true, VoiceCallState.Connected)]
    [InlineData(false, VoiceCallState.Disconnected)]
    public async Task Voice_trusts_it_only_when_told_to(bool trusts, VoiceCallState expected)
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(trusts: trusts);
        Assert.Equal(expected, await rig.JoinAsync());
        Assert.Equal(trusts, rig.Discord.VoiceClient(rig.BotId) is { Mode: not null });
    }

    [Fact]
    public async Task No_redirect_is_followed_with_the_token()
    {
        using HttpClient http = DiscordHttp.Create([]);
        await using HttpAnswer there = new("200 OK", "{}"), here = new($"307 Temporary Redirect\r\nLocation: {there.Address}", "");
        using HttpResponseMessage answer = await http.GetAsync(here.Address, TestContext.Current.CancellationToken);
        Assert.Equal(307, (int)answer.StatusCode);
        Assert.Equal(0, there.Requests);
    }

    [Fact]
    public async Task An_answer_without_end_is_refused()
    {
        using HttpClient http = DiscordHttp.Create([]);
        await using HttpAnswer here = new("200 OK", new string(' ', DiscordHttp.LongestAnswer + 1));
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() =>
            http.GetAsync(here.Address, TestContext.Current.CancellationToken));
        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, refused.HttpRequestError);
    }

    private static async Task<DiscordUser> SelfAsync(Simulator discord, TlsFront front, X509Certificate2Collection roots)
    {
        using HttpClient http = DiscordHttp.Create(roots);
        DiscordRestOptions options = new()
        {
            Token = discord.Bot.Token,
            ApiBase = new UriBuilder(discord.ApiBaseUrl) { Scheme = "https", Port = front.Port }.Uri,
            RetryDelay = TimeSpan.FromMilliseconds(1),
        };
        using DiscordRestClient rest = new(http, options, TimeProvider.System, NullLogger<DiscordRestClient>.Instance);
        return await rest.GetSelfAsync(TestContext.Current.CancellationToken);
    }

    private static GatewayClient Client(Simulator discord, Uri address, X509Certificate2Collection roots) => new(
        new GatewayOptions { Token = discord.Bot.Token, ReconnectDelay = TimeSpan.FromMilliseconds(20), ExtraRoots = roots },
        _ => Task.FromResult(new GatewayInfo
        {
            Url = address.AbsoluteUri,
            SessionStartLimit = new SessionStartLimit { Total = 1000, Remaining = 1000, MaxConcurrency = 1 }
        }),
        TimeProvider.System, new Random(7), NullLogger<GatewayClient>.Instance);
}
