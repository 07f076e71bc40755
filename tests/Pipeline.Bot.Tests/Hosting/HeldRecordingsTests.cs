using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Hosting;

public sealed class HeldRecordingsTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Recordings_of_one_server_ask_once_in_fifteen_seconds()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await using RecordingApiStandIn api = new() { IsAway = true };
        using HttpClient http = new();
        FakeTimeProvider time = new();
        ILoggerFactory logs = new LogSink();
        CatalogueClient client = new(http, new CatalogueOptions { BaseUrl = api.BaseUrl }, time);
        GuildSettingsStore store = new(client, spool.Combine("state"), time, logs.CreateLogger<GuildSettingsStore>());
        for (int recording = 0; recording < 3; recording++) room.Manifests.Add(Held(room));
        using HeldRecordings held = new(room.Manifests, room.Spool, room.Uploader, store, time, logs.CreateLogger<HeldRecordings>());

        await held.StartAsync(TestContext.Current.CancellationToken);
        await BotRoom.UntilAsync(() => !api.Requests.IsEmpty, "it asks");
        for (int seconds = 0; seconds < 15; seconds += 5)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
            time.Advance(TimeSpan.FromSeconds(5));
        }
        await BotRoom.UntilAsync(() => api.Requests.Count >= 2, "it asks again");
        await held.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, api.Requests.Count);
    }

    private static LiveManifest Held(BotRoom room)
    {
        SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
        return LiveManifest.Start(room.Spool.Folder(session.RecordingId), BotRoom.Manifest(session) with { AwaitsOptOuts = true });
    }
}
