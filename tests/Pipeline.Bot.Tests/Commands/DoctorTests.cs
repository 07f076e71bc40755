using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Upload;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Simulator.World;
using Pipeline.TestKit;
using Permissions = Pipeline.Simulator.World.Permissions;

namespace Pipeline.Bot.Tests.Commands;

public sealed class DoctorTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Healthy_bot_has_no_problem()
    {
        await using Simulator.DiscordSimulator discord = await Simulator.DiscordSimulator.StartAsync();
        IReadOnlyList<DoctorFinding> findings = await ExamineAsync(discord);
        Assert.All(findings, finding => Assert.True(finding.IsWell, finding.ToString()));
        Assert.Superset(new HashSet<string>(["token", "intents", "commands", "libopus", "storage", "clock", "UDP", "spool"]), findings.Select(finding => finding.Check).ToHashSet());
    }

    [Fact]
    public async Task Missing_permission_is_named_with_channel_and_remedy()
    {
        await using Simulator.DiscordSimulator discord = await Simulator.DiscordSimulator.StartAsync();
        discord.VoiceChannel.Deny(discord.BotMember, Permissions.Connect);
        DoctorFinding problem = Assert.Single(await ExamineAsync(discord), finding => !finding.IsWell);
        Assert.Contains("Table: Connect", problem.Text, StringComparison.Ordinal);
        Assert.Contains("permissions", problem.Remedy, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Discord, problem.Code);
    }

    [Fact]
    public async Task Wrong_token_absent_storage_and_used_up_sessions_have_remedies()
    {
        await using Simulator.DiscordSimulator discord = await Simulator.DiscordSimulator.StartAsync();
        DoctorFinding token = Assert.Single(await ExamineAsync(discord, token: "wrong"), finding => !finding.IsWell);
        Assert.Contains("DISCORD_TOKEN", token.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", token.ToString(), StringComparison.Ordinal);
        DoctorFinding storage = Assert.Single(await ExamineAsync(discord, storage: "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:1"), finding => !finding.IsWell);
        Assert.Equal(("storage", ExitCode.Storage), (storage.Check, storage.Code));
        discord.Bot.SessionStartsLeft = 0;
        Assert.Equal("sessions", Assert.Single(await ExamineAsync(discord), finding => !finding.IsWell).Check);
    }

    private async Task<IReadOnlyList<DoctorFinding>> ExamineAsync(Simulator.DiscordSimulator discord, string? token = null, string? storage = null)
    {
        using TempFolder folder = new();
        using HttpClient http = new();
        DiscordRestOptions restOptions = new() { Token = token ?? discord.Bot.Token, ApiBase = new Uri(discord.ApiBaseUrl) };
        using DiscordRestClient rest = new(http, restOptions, TimeProvider.System, NullLogger<DiscordRestClient>.Instance);
        BotOptions bot = new() { Spool = new SpoolOptions { Folder = folder.Combine("spool"), MinimumFreeBytes = 0 } };
        RecorderOptions options = new() { Gateway = new GatewayOptions { Token = restOptions.Token }, Rest = restOptions, Api = new RecordingApiOptions(), StateFolder = folder.Combine("state") };
        TempStorages storages = new([new TempStorage(new TempStorageOptions { ConnectionString = storage ?? azurite.ConnectionString })]);
        List<DoctorFinding> findings = [];
        await foreach (DoctorFinding finding in new Doctor(options, bot, storages, rest, http, TimeProvider.System).ExamineAsync(TestContext.Current.CancellationToken)) findings.Add(finding);
        return findings;
    }
}
