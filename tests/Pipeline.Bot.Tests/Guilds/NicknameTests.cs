using Microsoft.Extensions.Logging;
using Pipeline.Bot.Guilds;
using Pipeline.Discord.Rest;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>The bot's name says that it records, and afterwards it is what it was, whatever came in between.</summary>
public sealed class NicknameTests : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private readonly TempFolder folder = new();
    private readonly LogSink log = new();
    private Simulator discord = null!;
    private DiscordRestClient rest = null!;
    private Nickname nickname = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ulong Guild => discord.Guild.Id;
    private string? Shown => discord.BotMember.Nickname;
    private string File => folder.Combine("names", $"name-{Guild}.json");

    public async ValueTask InitializeAsync()
    {
        discord = await Simulator.StartAsync(new SimulatorOptions { EnforceIdentifyPace = false });
        DiscordRestOptions options = new()
        {
            Token = discord.Bot.Token,
            ApiBase = new Uri(discord.ApiBaseUrl),
            RetryDelay = TimeSpan.FromMilliseconds(20),
        };
        rest = new DiscordRestClient(http, options, TimeProvider.System, log.CreateLogger<DiscordRestClient>());
        nickname = new Nickname(rest, folder.Combine("names"), log.CreateLogger("names"));
    }

    public async ValueTask DisposeAsync()
    {
        rest.Dispose();
        http.Dispose();
        await discord.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public void Prefix_fits_into_discords_32_characters()
    {
        Assert.Equal("[REC] Recorder", Nickname.WithPrefix("Recorder"));
        Assert.InRange(Nickname.WithPrefix(new string('x', 32)).Length, 31, 32);
        Assert.True(Nickname.HasPrefix("[REC] Recorder"));
        Assert.False(Nickname.HasPrefix("Recorder"));
        Assert.False(Nickname.HasPrefix("[rec] Recorder"));
        Assert.False(Nickname.HasPrefix(null));
    }

    [Theory]
    [InlineData(null, "[REC] Recorder")]
    [InlineData("Scribe", "[REC] Scribe")]
    public async Task Old_name_lies_on_the_disk_while_the_new_one_is_shown(string? before, string shown)
    {
        Assert.Equal(before, await nickname.SetAsync(Guild, before, "Recorder", Cancel));
        Assert.Equal((shown, true), (Shown, System.IO.File.Exists(File)));
        await nickname.RestoreAsync(Guild, before, Cancel);
        Assert.Equal((before, false), (Shown, System.IO.File.Exists(File)));
    }

    [Theory]
    [InlineData("[REC] Scribe", "Scribe")]
    [InlineData("[REC] Recorder", null)] // the account's own name is no nickname
    [InlineData("[REC] Recor", null)] // nor what is left of it after a cut
    [InlineData("[REC] ", null)]
    public async Task Name_that_a_crash_left_is_mended_without_the_file_too(string left, string? before)
    {
        await nickname.MendAsync(Guild, left, "Recorder", Cancel);
        Assert.Equal(before, discord.BotMember.NicknameHistory[^1]);
        Assert.Equal(before, await nickname.SetAsync(Guild, left, "Recorder", Cancel)); // and does not become two prefixes
        Assert.Equal(Nickname.WithPrefix(before ?? "Recorder"), Shown);
    }

    [Fact]
    public async Task File_knows_better_than_the_cut_name()
    {
        await nickname.SetAsync(Guild, "A scribe with a very long name", "Recorder", Cancel);
        await nickname.MendAsync(Guild, Shown, "Recorder", Cancel);
        Assert.Equal("A scribe with a very long name", discord.BotMember.NicknameHistory[^1]);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task Name_that_is_right_is_left_alone_and_what_lies_there_is_history()
    {
        await nickname.SetAsync(Guild, "Scribe", "Recorder", Cancel);
        int changes = discord.BotMember.NicknameHistory.Count;
        await nickname.MendAsync(Guild, "Somebody renamed it", "Recorder", Cancel);
        Assert.Equal((changes, false), (discord.BotMember.NicknameHistory.Count, System.IO.File.Exists(File)));
    }

    [Fact]
    public async Task Refusal_is_told_when_the_name_is_set_and_kept_for_later_when_it_is_given_back()
    {
        FaultHandle refused = discord.Faults.Add(new RefuseRest(403) { Code = 50013 });
        await Assert.ThrowsAsync<DiscordRestException>(() => nickname.SetAsync(Guild, "Scribe", "Recorder", Cancel));
        Assert.False(System.IO.File.Exists(File));
        refused.Dispose();
        await nickname.SetAsync(Guild, "Scribe", "Recorder", Cancel);
        using (discord.Faults.Add(new RefuseRest(403) { Code = 50013 })) await nickname.RestoreAsync(Guild, "Scribe", Cancel);
        Assert.Equal(("[REC] Scribe", true), (Shown, System.IO.File.Exists(File)));
        Assert.Single(log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains($"{Guild}", StringComparison.Ordinal));
        await nickname.MendAsync(Guild, Shown, "Recorder", Cancel);
        Assert.Equal("Scribe", Shown);
    }
}
