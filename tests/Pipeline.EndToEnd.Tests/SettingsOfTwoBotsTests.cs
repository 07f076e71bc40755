using Microsoft.Extensions.Logging;
using Pipeline.Bot.ServerSettings;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests;

/// <summary>The bot's settings against our own recording API, from two disks at once.</summary>
public sealed class SettingsOfTwoBotsTests(AzuriteFixture azurite) : IDisposable
{
    private const ulong Guild = 771;

    private readonly LogSink log = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => log.Dispose();

    [Fact]
    public async Task Twenty_wishes_and_a_change_of_the_document_at_once_are_all_kept()
    {
        using TempFolder one = new(), other = new();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString);
        using HttpClient http = new();
        GuildSettingsStore first = Store(http, functions, one), second = Store(http, functions, other);
        bool[] stored = await Task.WhenAll(Enumerable.Range(1, 20).Select(async i =>
        {
            GuildSettingsStore store = i % 2 == 0 ? first : second;
            store.SetOptOuts(Guild, [(ulong)i], optedOut: true);
            return await store.PushAsync(Guild, Cancellation);
        }).Append(second.ChangeAsync(Guild, settings => settings with { AnnounceMode = "text" }, Cancellation)));
        Assert.All(stored, Assert.True);
        using TempFolder third = new();
        GuildSettingsStore reader = Store(http, functions, third);
        Assert.False(reader.IsSettled(Guild));
        KnownSettings known = await reader.GetAsync(Guild, Cancellation);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (ulong)i), reader.OptedOut(Guild).Order());
        Assert.Equal((false, "text", true), (known.IsLastKnown, known.Settings.AnnounceMode, reader.IsSettled(Guild)));
    }

    [Fact]
    public async Task Wish_that_could_not_be_written_holds_at_once_outlives_the_process_and_is_written_later()
    {
        using TempFolder disk = new();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString);
        using HttpClient http = new();
        await Store(http, functions, disk).GetAsync(Guild + 1, Cancellation);
        GuildSettingsStore away = new(
            new CatalogueClient(http, new CatalogueOptions { BaseUrl = new Uri("http://127.0.0.1:1") }, TimeProvider.System), disk.Path,
            TimeProvider.System, Logger());
        away.SetOptOuts(Guild + 1, [42], optedOut: true);
        Assert.True(away.IsOptedOut(Guild + 1, 42));
        Assert.False(await away.PushAsync(Guild + 1, Cancellation));
        GuildSettingsStore next = Store(http, functions, disk);
        Assert.True(next.IsOptedOut(Guild + 1, 42));
        Assert.False(next.IsSettled(Guild + 1));
        Assert.False((await next.GetAsync(Guild + 1, Cancellation)).IsLastKnown);
        using TempFolder other = new();
        GuildSettingsStore elsewhere = Store(http, functions, other);
        await elsewhere.GetAsync(Guild + 1, Cancellation);
        Assert.Equal([42UL], elsewhere.OptedOut(Guild + 1));
    }

    private GuildSettingsStore Store(HttpClient http, FunctionsApp functions, TempFolder disk) =>
        new(new CatalogueClient(http, new CatalogueOptions { BaseUrl = functions.BaseUrl, ApiKey = FunctionsApp.Key }, TimeProvider.System),
            disk.Path, TimeProvider.System, Logger());

    private ILogger<GuildSettingsStore> Logger() => ((ILoggerFactory)log).CreateLogger<GuildSettingsStore>();
}
