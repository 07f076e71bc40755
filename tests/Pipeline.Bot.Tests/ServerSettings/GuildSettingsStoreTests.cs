using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.ServerSettings;

public sealed class GuildSettingsStoreTests : IAsyncDisposable
{
    private const ulong Guild = 7;

    private readonly TempFolder folder = new();
    private readonly RecordingApiStandIn api = new();
    private readonly HttpClient http = new();
    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();
    private readonly GuildSettingsStore store;

    public GuildSettingsStoreTests() => store = Start();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await api.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Two_questions_within_half_a_minute_are_one_request()
    {
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
        api.IsAway = true;
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
        api.IsAway = true;
        Assert.True((await store.GetAsync(Guild, TestContext.Current.CancellationToken)).IsLastKnown);
        int asked = api.Requests.Count;
        api.IsAway = false;
        Assert.False((await store.GetAsync(Guild, TestContext.Current.CancellationToken)).IsLastKnown);
        Assert.True(api.Requests.Count > asked);
    }

    [Fact]
    public async Task Answer_that_there_is_nothing_takes_back_nobodys_choice()
    {
        api.PutSettings(Guild, new GuildSettings { Consent = "required", OptedOutUserIds = ["5"] });
        Assert.False((await store.GetAsync(Guild, TestContext.Current.CancellationToken)).IsLastKnown);

        api.IsElsewhere = true; // a gateway whose service is not there for a moment, or a wrong address
        for (int i = 0; i < 2; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            AssertKept(await store.GetAsync(Guild, TestContext.Current.CancellationToken));
        }
        Assert.Single(log.Lines, line => line.EventId == 4220);
        AssertKept(await Start().GetAsync(Guild, TestContext.Current.CancellationToken)); // a process that starts meanwhile

        api.IsElsewhere = false;
        Assert.False((await store.GetAsync(Guild, TestContext.Current.CancellationToken)).IsLastKnown);

        static void AssertKept(KnownSettings known) =>
            Assert.Equal((true, true, ConsentMode.Required), (known.IsLastKnown, known.IsOptedOut(5), known.Consent));
    }

    [Fact]
    public async Task Nothing_is_written_over_settings_that_were_there_before_and_are_not_found()
    {
        GuildSettings theirs = new() { OptedOutUserIds = ["5"] };
        api.PutSettings(Guild, theirs);
        await store.GetAsync(Guild, TestContext.Current.CancellationToken);

        api.RemoveSettings(Guild);
        Assert.False(await store.ChangeAsync(Guild, before =>
            before with { AnnounceMode = "text" }, TestContext.Current.CancellationToken));
        Assert.Null(api.SettingsOf(Guild));

        api.PutSettings(Guild, theirs with { OptedOutUserIds = ["5", "6"] }); // somebody has opted out meanwhile
        Assert.True(await store.PushAsync(Guild, TestContext.Current.CancellationToken));
        KnownSettings known = store.AtHand(Guild);
        Assert.Equal((AnnounceMode.Text, true, true), (known.Announce, known.IsOptedOut(5), known.IsOptedOut(6)));
    }

    [Fact]
    public async Task Service_without_settings_of_the_server_is_one_that_has_answered()
    {
        for (int i = 0; i < 2; i++)
        {
            KnownSettings known = await store.GetAsync(Guild, TestContext.Current.CancellationToken);
            Assert.Equal((false, true, ConsentMode.Off), (known.IsLastKnown, known.WereHeard, known.Consent));
            time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.True(await store.ChangeAsync(Guild, before =>
            before with { AnnounceMode = "text" }, TestContext.Current.CancellationToken));
        Assert.Contains("text", api.SettingsOf(Guild), StringComparison.Ordinal);
    }

    // A process of its own.
    private GuildSettingsStore Start() => new(new CatalogueClient(http, new CatalogueOptions { BaseUrl = api.BaseUrl }, time), folder.Path,
        time, ((ILoggerFactory)log).CreateLogger<GuildSettingsStore>());
}
