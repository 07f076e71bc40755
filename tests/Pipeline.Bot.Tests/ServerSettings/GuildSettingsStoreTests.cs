using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.ServerSettings;

public sealed class GuildSettingsStoreTests
{
    private const ulong Guild = 7;

    [Fact]
    public async Task Two_questions_within_half_a_minute_are_one_request()
    {
        using TempFolder folder = new();
        await using RecordingApiStandIn api = new();
        using HttpClient http = new();
        FakeTimeProvider time = new();
        ILoggerFactory logs = new LogSink();
        GuildSettingsStore store = new(new CatalogueClient(http, new CatalogueOptions { BaseUrl = api.BaseUrl }, time), folder.Path, time,
            logs.CreateLogger<GuildSettingsStore>());

        Assert.False((await store.GetAsync(Guild, TestContext.Current.CancellationToken)).IsLastKnown);
        time.Advance(TimeSpan.FromSeconds(29.9));
        await store.GetAsync(Guild, TestContext.Current.CancellationToken);
        Assert.Single(api.Requests);
        await store.GetAsync(Guild + 1, TestContext.Current.CancellationToken);
        Assert.Equal(2, api.Requests.Count);

        time.Advance(TimeSpan.FromSeconds(0.1));
        await store.GetAsync(Guild, TestContext.Current.CancellationToken);
        Assert.Equal(3, api.Requests.Count);
    }

    [Fact]
    public async Task Change_that_was_made_before_the_settings_were_ever_heard_leaves_the_others_as_they_are()
    {
        using TempFolder folder = new();
        await using RecordingApiStandIn api = new() { IsAway = true };
        using HttpClient http = new();
        FakeTimeProvider time = new();
        ILoggerFactory logs = new LogSink();
        GuildSettingsStore store = new(new CatalogueClient(http, new CatalogueOptions { BaseUrl = api.BaseUrl }, time), folder.Path, time,
            logs.CreateLogger<GuildSettingsStore>());
        AutoRecordRule rule = new() { ChannelId = 5, BotId = 6, People = 2, SetBy = 8 };
        GuildSettings theirs = new()
        {
            Consent = "required",
            AnnounceMode = "name",
            KeepDays = 30,
            RecorderRoleId = 9,
            AutoRecord = [rule],
        };
        api.PutSettings(Guild, theirs);

        Assert.False(await store.ChangeAsync(Guild, before =>
            before with { AnnounceMode = "text" }, TestContext.Current.CancellationToken));
        api.IsAway = false;
        KnownSettings known = await store.GetAsync(Guild, TestContext.Current.CancellationToken);

        Assert.False(known.IsLastKnown);
        Assert.Equal((AnnounceMode.Text, ConsentMode.Required), (known.Announce, known.Consent));
        Assert.Equal([rule], known.Settings.AutoRecord!);
        Assert.Equal((30, 9UL), (known.Settings.KeepDays, known.Settings.RecorderRoleId));
        Assert.Contains("required", api.SettingsOf(Guild), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Question_that_was_not_answered_is_asked_again_at_once()
    {
        using TempFolder folder = new();
        await using RecordingApiStandIn api = new() { IsAway = true };
        using HttpClient http = new();
        FakeTimeProvider time = new();
        ILoggerFactory logs = new LogSink();
        GuildSettingsStore store = new(new CatalogueClient(http, new CatalogueOptions { BaseUrl = api.BaseUrl }, time), folder.Path, time,
            logs.CreateLogger<GuildSettingsStore>());

        Assert.True((await store.GetAsync(Guild, TestContext.Current.CancellationToken)).IsLastKnown);
        int asked = api.Requests.Count;
        api.IsAway = false;
        Assert.False((await store.GetAsync(Guild, TestContext.Current.CancellationToken)).IsLastKnown);
        Assert.True(api.Requests.Count > asked);
    }
}
