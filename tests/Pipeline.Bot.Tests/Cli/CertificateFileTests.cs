using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Bot.Tests.Cli;

/// <summary>DISCORD_CA_FILE of the built bot: each way to Discord leads over TLS of an authority that this file alone knows.</summary>
public sealed class CertificateFileTests(AzuriteFixture azurite) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Rest_heeds_it()
    {
        await using Simulator discord = await StartAsync();
        await using TlsFront front = new(new Uri(discord.ApiBaseUrl).Port);
        Uri secured = new UriBuilder(discord.ApiBaseUrl) { Scheme = "https", Port = front.Port }.Uri;
        await using ChildProcess bot = Run(discord, secured.AbsoluteUri, front.Authority);
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record"), Patience, "the bot has written its commands");
    }

    [Fact]
    public async Task Gateway_heeds_it()
    {
        await using Simulator discord = await StartAsync();
        await using TlsFront front = new(new Uri(discord.ApiBaseUrl).Port);
        discord.GatewayUrl = new UriBuilder(discord.GatewayUrl) { Scheme = "wss", Port = front.Port }.Uri.AbsoluteUri;
        await using ChildProcess bot = Run(discord, discord.ApiBaseUrl, front.Authority);
        await Simulator.WaitUntilAsync(() => discord.IsConnected(discord.Bot), Patience, "the gateway has the bot");
    }

    [Fact]
    public async Task Voice_heeds_it()
    {
        await using Simulator discord = await StartAsync();
        discord.AddSpeaker("Ada");
        await using ChildProcess bot = Run(discord, discord.ApiBaseUrl, discord.CertificateAuthority);
        await Simulator.WaitUntilAsync(() => discord.IsConnected(discord.Bot) && discord.HasCommand("record"), Patience,
            "the bot is there");
        SimulatedInteraction start = await discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, "record start",
            new Dictionary<string, object> { ["channel"] = discord.VoiceChannel });
        await Simulator.WaitUntilAsync(() => discord.VoiceClient(discord.Bot.Id) is { Mode: not null, IsConnected: true }, Patience,
            $"the voice server has the bot; it said: {start.Text}");
    }

    // Of one token one bot serves, and one that was killed is waited for.
    private static Task<Simulator> StartAsync() => Simulator.StartAsync(new SimulatorOptions { BotToken = $"{Guid.NewGuid():N}" });

    private ChildProcess Run(Simulator discord, string api, X509Certificate2 authority)
    {
        File.WriteAllText(folder.Combine("ca.pem"), authority.ExportCertificatePem());
        return BuiltProject.StartBot(["run"], new Dictionary<string, string?>
        {
            ["DISCORD_TOKEN"] = discord.Bot.Token,
            ["DISCORD_API_BASE"] = api,
            ["DISCORD_CA_FILE"] = folder.Combine("ca.pem"),
            ["DISCORD_GUILD_ID"] = discord.Guild.Id.ToString(CultureInfo.InvariantCulture),
            ["PipelineStorage"] = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(30)),
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
            ["SHUTDOWN_GRACE"] = "1s",
        });
    }
}
