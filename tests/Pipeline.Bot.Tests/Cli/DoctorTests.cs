using System.Net;
using System.Text.RegularExpressions;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Bot.Tests.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.World;
using Pipeline.Storage;
using Pipeline.TestKit;
using Permissions = Pipeline.DiscordSimulator.World.Permissions;

namespace Pipeline.Bot.Tests.Cli;

public sealed class DoctorTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Healthy_bot_has_no_problem()
    {
        await using Simulator discord = await Simulator.StartAsync();
        IReadOnlyList<DoctorFinding> findings = await ExamineAsync(discord);
        Assert.All(findings, finding => Assert.True(finding.IsWell, finding.ToString()));
        Assert.Superset(new HashSet<string>(["token", "intents", "commands", "Opus", "storage", "clock", "UDP", "spool"]),
            findings.Select(finding => finding.Check).ToHashSet());
    }

    [Fact]
    public async Task Missing_permission_is_named_with_channel_and_remedy()
    {
        await using Simulator discord = await Simulator.StartAsync();
        discord.VoiceChannel.Deny(discord.BotMember, Permissions.Connect);
        DoctorFinding problem = Assert.Single(await ExamineAsync(discord), finding => !finding.IsWell);
        Assert.Contains("Table: Connect", problem.Text, StringComparison.Ordinal);
        Assert.Contains("permissions", problem.Remedy, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Discord, problem.Code);
    }

    [Fact]
    public async Task Wrong_token_absent_storage_and_used_up_sessions_have_remedies()
    {
        await using Simulator discord = await Simulator.StartAsync();
        DoctorFinding token = Assert.Single(await ExamineAsync(discord, token: "wrong"), finding => !finding.IsWell);
        Assert.Contains("DISCORD_TOKEN", token.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", token.ToString(), StringComparison.Ordinal);
        DoctorFinding storage = Assert.Single(
            await ExamineAsync(discord, storage: "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:1"), finding =>
            !finding.IsWell);
        Assert.Equal(("storage", ExitCode.Storage), (storage.Check, storage.Code));
        discord.Bot.SessionStartsLeft = 0;
        Assert.Equal("sessions", Assert.Single(await ExamineAsync(discord), finding => !finding.IsWell).Check);
    }

    /// <summary>Roles that are missing and firewalls answer 403, which creating what is there already takes for an answer.</summary>
    [Fact]
    public Task Storage_that_refuses_the_bot_is_no_finding_that_is_well() =>
        DemandRefusalAsync(port => Azurite.ConnectionStringThrough(port, port, port));

    /// <summary>A role on blobs and none on queues: segments would be stored, and nobody would hear of them.</summary>
    [Fact]
    public Task Queue_that_takes_no_message_from_the_bot_is_no_finding_that_is_well() =>
        DemandRefusalAsync(port => Regex.Replace(azurite.ConnectionString, "QueueEndpoint=http://127.0.0.1:[0-9]+",
            $"QueueEndpoint=http://127.0.0.1:{port}"));

    /// <param name="storageWith">The connection string that leads to a port where everything is refused.</param>
    private async Task DemandRefusalAsync(Func<int, string> storageWith)
    {
        await using Simulator discord = await Simulator.StartAsync();
        using HttpListener refusing = new();
        int port = FreePort.Take(1)[0];
        refusing.Prefixes.Add($"http://127.0.0.1:{port}/");
        refusing.Start();
        Task serving = RefuseAsync(refusing);
        DoctorFinding storage = Assert.Single(await ExamineAsync(discord, storage: storageWith(port)), finding => !finding.IsWell);
        Assert.Equal(("storage", ExitCode.Storage), (storage.Check, storage.Code));
        Assert.Contains("403", storage.Remedy, StringComparison.Ordinal);
        refusing.Close();
        await serving;
    }

    [Fact]
    public async Task Trying_a_queue_leaves_no_message_in_it()
    {
        string storage = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(31));
        await using Simulator discord = await Simulator.StartAsync();
        Assert.All(await ExamineAsync(discord, storage: storage), finding => Assert.True(finding.IsWell, finding.ToString()));
        QueueClient queue = new(storage, StorageNames.SegmentReadyQueue);
        Assert.Equal(0, (await queue.GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Channel_of_the_two_hundred_and_second_server_is_found()
    {
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedGuild last = discord.Guild;
        for (int i = 0; i < 201; i++) (last = discord.AddGuild($"Server {i}")).AddBot(discord.Bot);
        SimulatedChannel channel = last.AddVoiceChannel("Far away");
        IReadOnlyList<DoctorFinding> findings = await ExamineAsync(discord, channel: channel.Id);
        Assert.Contains("joined Far away", Assert.Single(findings, finding => finding.Check == "UDP").Text, StringComparison.Ordinal);
        Assert.Equal("the bot is in 202", Assert.Single(findings, finding => finding.Check == "servers").Text);
        Assert.Equal(202, findings.Count(finding => finding.Text.StartsWith("may record in all", StringComparison.Ordinal)));
    }

    private static async Task RefuseAsync(HttpListener listener)
    {
        try
        {
            while (true)
            {
                using HttpListenerResponse response = (await listener.GetContextAsync()).Response;
                response.StatusCode = 403;
                response.Headers["x-ms-error-code"] = "AuthorizationPermissionMismatch";
            }
        }
        catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
        {
            return;
        }
    }

    [Fact]
    public async Task Without_a_channel_it_says_what_was_not_proved()
    {
        await using Simulator discord = await Simulator.StartAsync();
        DoctorFinding udp = Assert.Single(await ExamineAsync(discord), finding => finding.Check == "UDP");
        Assert.True(udp.IsWell);
        Assert.Contains("was not tried: doctor --channel ID", udp.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(discord.Log.Lines, line => line.Contains("IDENTIFY", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Round_trip_is_proved_in_a_channel_which_is_left_again()
    {
        await using Simulator discord = await Simulator.StartAsync();
        DoctorFinding udp = Assert.Single(await ExamineAsync(discord, channel: discord.VoiceChannel.Id), finding => finding.Check == "UDP");
        Assert.True(udp.IsWell, udp.ToString());
        Assert.Contains("answered IP discovery", udp.Text, StringComparison.Ordinal);
        await Simulator.WaitUntilAsync(() => discord.Guild.VoiceStateOf(discord.Bot.Id) is null);
        Assert.Empty(discord.BotMember.NicknameHistory);
    }

    [Fact]
    public async Task Blocked_UDP_is_named_with_its_remedy_and_exit_code()
    {
        await using Simulator discord = await Simulator.StartAsync();
        discord.Faults.Add(new DiscordSimulator.Faults.IgnoreDiscovery());
        DoctorFinding udp = Assert.Single(await ExamineAsync(discord, channel: discord.VoiceChannel.Id), finding => !finding.IsWell);
        Assert.Equal(("UDP", ExitCode.Machine), (udp.Check, udp.Code));
        Assert.Contains("does not answer over UDP", udp.Text, StringComparison.Ordinal);
        Assert.Contains("50000-65535", udp.Remedy, StringComparison.Ordinal);
        await Simulator.WaitUntilAsync(() => discord.Guild.VoiceStateOf(discord.Bot.Id) is null);
    }

    [Fact]
    public async Task Call_that_the_bot_is_in_is_not_disturbed()
    {
        await using Simulator discord = await Simulator.StartAsync();
        discord.Guild.Join(discord.BotMember, discord.StageChannel);
        DoctorFinding udp = Assert.Single(await ExamineAsync(discord, channel: discord.VoiceChannel.Id), finding => !finding.IsWell);
        Assert.Contains("not tried: the bot is in a call", udp.Text, StringComparison.Ordinal);
        Assert.Equal(discord.StageChannel, discord.Guild.VoiceStateOf(discord.Bot.Id)!.Channel);
    }

    [Theory]
    [InlineData(12345)]
    [InlineData(0)]
    public async Task Channel_that_is_none_is_named(ulong id)
    {
        await using Simulator discord = await Simulator.StartAsync();
        DoctorFinding udp = Assert.Single(await ExamineAsync(discord, channel: id == 0 ? discord.TextChannel.Id : id), finding =>
            !finding.IsWell);
        Assert.Contains("has a voice channel", udp.Text, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Discord, udp.Code);
    }

    [Theory]
    [InlineData(404, 404, 404)]
    [InlineData(404, 405, 405)] // files alone
    [InlineData(404, 501, 404)]
    public async Task Web_server_that_is_no_recording_API_is_named_with_its_remedy(int lists, int live, int batch)
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RecordingApiStandIn api = new() { ListRefusal = lists, InitAnswers = (live, batch) };
        DoctorFinding problem = Assert.Single(await ExamineAsync(discord, api: api), finding => !finding.IsWell);
        Assert.Equal(("recording API", ExitCode.Storage), (problem.Check, problem.Code));
        Assert.Contains($"{api.BaseUrl} is no recording API", problem.Text, StringComparison.Ordinal);
        Assert.Contains("RecordingApi__BaseUrl", problem.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(405, 404, 404)]
    [InlineData(501, 404, 404)]
    [InlineData(404, 400, 404)]
    [InlineData(404, 401, 404)]
    [InlineData(404, 415, 404)]
    [InlineData(404, 404, 422)]
    [InlineData(404, 405, 400)]
    public async Task Service_of_somebody_else_without_lists_is_well(int lists, int live, int batch)
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RecordingApiStandIn api = new() { ListRefusal = lists, InitAnswers = (live, batch) };
        IReadOnlyList<DoctorFinding> findings = await ExamineAsync(discord, api: api);
        Assert.All(findings, finding => Assert.True(finding.IsWell, finding.ToString()));
        Assert.Contains("it has no lists of recordings", Assert.Single(findings, finding => finding.Check == "recording API").Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_of_the_setting_that_the_bot_is_not_in_is_named_with_its_remedy()
    {
        await using Simulator discord = await Simulator.StartAsync();
        DoctorFinding problem = Assert.Single(await ExamineAsync(discord, guild: 4242), finding => !finding.IsWell);
        Assert.Equal(new DoctorFinding("commands", "the bot is not in server 4242, which DISCORD_GUILD_ID names",
            "invite it there, or correct the setting", ExitCode.Discord), problem);
    }

    /// <summary>At the limit all new audio is a gap, however much the disk has left.</summary>
    [Fact]
    public async Task Spool_at_its_limit_is_no_finding_that_is_well()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using TempFolder folder = new();
        SpoolWriter.Write(folder.Combine("spool"), SpoolSession.Info, SpoolSession.Ada, 0);
        using SegmentSpool running = new(new SpoolOptions { Folder = folder.Combine("spool") });
        long waiting = running.Snapshot.Bytes;
        Assert.True(waiting > 0);
        Assert.All(await ExamineAsync(discord, spool: Limited(waiting + 1)), finding => Assert.True(finding.IsWell, finding.ToString()));
        DoctorFinding full = Assert.Single(await ExamineAsync(discord, spool: Limited(waiting)), finding => !finding.IsWell);
        Assert.Equal(("spool", ExitCode.Machine), (full.Check, full.Code));
        Assert.EndsWith($"; {Wording.Bytes(waiting)} wait for the storage", full.Text, StringComparison.Ordinal);
        Assert.Contains("RECORDING_SPOOL_LIMIT_MB", full.Remedy, StringComparison.Ordinal);

        SpoolOptions Limited(long bytes) => new() { Folder = folder.Combine("spool"), MinimumFreeBytes = 0, LimitBytes = bytes };
    }

    private async Task<IReadOnlyList<DoctorFinding>> ExamineAsync(Simulator discord, string? token = null, string? storage = null,
        ulong? channel = null, RecordingApiStandIn? api = null, ulong? guild = null, SpoolOptions? spool = null)
    {
        using TempFolder folder = new();
        using HttpClient http = new();
        DiscordRestOptions restOptions = new() { Token = token ?? discord.Bot.Token, ApiBase = new Uri(discord.ApiBaseUrl) };
        using DiscordRestClient rest = new(http, restOptions, TimeProvider.System, NullLogger<DiscordRestClient>.Instance);
        BotOptions bot = new() { Spool = spool ?? new SpoolOptions { Folder = folder.Combine("spool"), MinimumFreeBytes = 0 } };
        RecorderOptions options = new()
        {
            Gateway = new GatewayOptions { Token = restOptions.Token },
            Rest = restOptions,
            Api = new CatalogueOptions { BaseUrl = api?.BaseUrl },
            Voice = Quick(discord),
            CommandGuild = guild,
            StateFolder = folder.Combine("state")
        };
        StorageOptions account = new() { ConnectionString = storage ?? azurite.ConnectionString };
        TempStorages storages = new([new TempStorage(new TempStorageOptions { Account = account })]);
        List<DoctorFinding> findings = [];
        await foreach (DoctorFinding finding in new Doctor(options, bot, storages, rest, http, TimeProvider.System, channel)
            .ExamineAsync(TestContext.Current.CancellationToken)) findings.Add(finding);
        return findings;
    }

    private static VoiceCallOptions Quick(Simulator discord) => new()
    {
        Session = new VoiceSessionOptions
        {
            ExtraRoots = [discord.CertificateAuthority],
            DiscoveryInterval = TimeSpan.FromMilliseconds(100)
        },
        FirstBackoff = TimeSpan.FromMilliseconds(50),
        LeavePause = TimeSpan.FromMilliseconds(100),
    };
}
