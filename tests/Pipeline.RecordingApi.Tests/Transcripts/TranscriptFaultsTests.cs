using Microsoft.AspNetCore.Http;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>A request to the storage that fails, wherever it is, has the message come again: no talk is passed over.</summary>
public sealed class TranscriptFaultsTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const ulong Ada = 81;

    private readonly OneFault fault = new();
    private TranscriptStage stage = null!;
    private Recorded recorded = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => stage = await TranscriptStage.StartAsync(azurite, transport: fault);

    public async ValueTask DisposeAsync()
    {
        await stage.DisposeAsync();
        fault.Dispose();
    }

    [Fact]
    public async Task Look_at_talk_is_over_when_its_text_is_told()
    {
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text("""{"text":"yes"}"""));
        int requests = await fault.InEveryPlaceAsync(RecordAsync, () => RunAsync(Ada));
        Assert.InRange(requests, 20, 100);
        Assert.Equal("ready", (await stage.JsonAsync(recorded)).GetProperty("status").GetString());
        Assert.Contains("transcript.ready", await stage.EventsAsync(recorded));
    }

    [Fact]
    public async Task Look_that_meets_a_service_that_is_away_is_over_when_the_next_is_arranged()
    {
        stage.Service.Answer = (_, _) => Task.FromResult(Results.StatusCode(503));
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            stage.Time.By += TimeSpan.FromHours(1);
            await RecordAsync();
        },
        () => RunAsync(Ada));
        Assert.InRange(requests, 12, 60);
        TranscriptTable table = stage.Stage.Get<TranscriptTable>();
        Assert.NotNull((await table.FindTrackAsync(recorded.Id, Ada, Cancellation)).LookAt);
    }

    [Fact]
    public async Task Talk_beyond_the_budget_is_noted()
    {
        await using TranscriptStage small = await TranscriptStage.StartAsync(azurite, service =>
            TranscriptStage.OpenAi(service) with { Budget = TimeSpan.FromSeconds(1) }, fault);
        int requests = await fault.InEveryPlaceAsync(RecordAsync, () => small.Stage.Get<TranscribeRecording>().RunAsync(
            new TranscribeStretch { RecordingId = recorded.Id, UserId = Ada }, Cancellation));
        Assert.InRange(requests, 5, 60);
    }

    [Fact]
    public async Task Everybodys_talk_is_asked_for_or_the_message_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(RecordAsync, () => RunAsync(null));
        Assert.InRange(requests, 3, 20);
    }

    [Fact]
    public async Task Text_of_a_deleted_recording_goes_or_the_message_comes_again()
    {
        await RecordAsync();
        await RunAsync(Ada);
        using HttpResponseMessage gone = await stage.Stage.DeleteAsync($"api/recordings/{recorded.Id}");
        Assert.True(gone.IsSuccessStatusCode);
        int requests = await fault.InEveryPlaceAsync(() => Task.CompletedTask, () => RunAsync(Ada));
        Assert.InRange(requests, 2, 10);
        Assert.Empty(await stage.Stage.Get<TranscriptTable>().ReadAsync(recorded.Id, withText: false, Cancellation));
    }

    private async Task RecordAsync()
    {
        recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 48_000, Speech.Of("ada", 2 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);
    }

    private Task RunAsync(ulong? userId) => stage.Stage.Get<TranscribeRecording>().RunAsync(
        new TranscribeStretch { RecordingId = recorded.Id, UserId = userId }, Cancellation);
}
