using System.Text;
using System.Text.Json;
using Azure.Core.Pipeline;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.Settings.Known;
using Pipeline.TestKit;
using Pipeline.TestKit.Speech;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>
/// The recording API with a speech service on loopback and a clock that a test moves on; transcription runs when a test says so.
/// </summary>
internal sealed class TranscriptStage : IAsyncDisposable
{
    private TranscriptStage(RenderStage stage, SpeechService service, Ahead time) => (Stage, Service, Time) = (stage, service, time);

    public RenderStage Stage { get; }
    public SpeechService Service { get; }
    public Ahead Time { get; }

    /// <param name="transport">How the storage is reached; null: as always.</param>
    public static async Task<TranscriptStage> StartAsync(AzuriteFixture azurite, Func<SpeechService, TranscriptionOptions>? options = null,
        HttpPipelineTransport? transport = null)
    {
        SpeechService service = await SpeechService.StartAsync();
        Ahead time = new();
        TranscriptionOptions chosen = options?.Invoke(service) ?? OpenAi(service);
        RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite), new RenderOptions { Formats = ["flac"] }, time,
            transport, chosen);
        return new TranscriptStage(stage, service, time);
    }

    public static TranscriptionOptions OpenAi(SpeechService service) => new()
    {
        Endpoint = service.OpenAi,
        Key = SpeechService.Key,
        Timeout = TimeSpan.FromSeconds(20),
    };

    public static TranscriptionOptions Azure(SpeechService service) => new()
    {
        Endpoint = service.Address,
        Kind = TranscriptionSettings.AzureSpeech,
        Key = SpeechService.Key,
        Languages = ["en-US", "de-DE"],
    };

    /// <summary>A look at everybody's talk, as the messages of a changed recording call for it.</summary>
    public async Task TranscribeAsync(Recorded recorded)
    {
        TranscribeRecording work = Stage.Get<TranscribeRecording>();
        await work.RunAsync(new TranscribeStretch { RecordingId = recorded.Id }, TestContext.Current.CancellationToken);
        foreach (string user in recorded.Segments.Select(segment => segment.UserId!).Distinct())
        {
            ulong userId = ulong.Parse(user, System.Globalization.CultureInfo.InvariantCulture);
            await work.RunAsync(new TranscribeStretch { RecordingId = recorded.Id, UserId = userId },
                TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Writes the row of a segment that lies in its place, as the delivery does while a call goes on.</summary>
    public Task MoveAsync(Recorded recorded, FinalizeSegment segment)
    {
        ulong userId = ulong.Parse(segment.UserId!, System.Globalization.CultureInfo.InvariantCulture);
        global::Azure.Data.Tables.TableEntity row = new($"{recorded.Id}", Storage.MovedSegments.RowKey(userId, segment.SegmentIndex!.Value))
        {
            ["UserId"] = segment.UserId,
            ["Index"] = segment.SegmentIndex,
            ["State"] = Storage.MovedSegments.MovedState,
            ["Username"] = segment.Username,
            ["BlobUrl"] = segment.BlobUrl,
            ["FileSize"] = segment.FileSize,
            ["StartSample"] = segment.StartSample,
            ["SampleCount"] = segment.SampleCount,
            ["Channels"] = 1,
        };
        return Stage.Storage.Tables.GetTableClient(StorageNames.LedgerTable).UpsertEntityAsync(row,
            cancellationToken: TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> JsonAsync(Recorded recorded) =>
        JsonDocument.Parse(await Stage.DownloadAsync(recorded, "transcript.json")).RootElement;

    public async Task<string> TextAsync(Recorded recorded, string name) =>
        Encoding.UTF8.GetString(await Stage.DownloadAsync(recorded, name));

    public async Task<RecordingDetails> DetailsAsync(Recorded recorded)
    {
        using HttpResponseMessage answer = await Stage.GetAsync($"api/recordings/{recorded.Id}?segments=none");
        return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken),
            WireJsonContext.Default.RecordingDetails)!;
    }

    /// <summary>Types of the events that were told of a recording, sorted.</summary>
    public async Task<string[]> EventsAsync(Recorded recorded)
    {
        List<string> types = [];
        await foreach (global::Azure.Data.Tables.TableEntity row in Stage.Storage.Tables.GetTableClient(StorageNames.EventsTable)
            .QueryAsync<global::Azure.Data.Tables.TableEntity>(row => row.PartitionKey == "log",
                cancellationToken: TestContext.Current.CancellationToken))
        {
            using JsonDocument told = JsonDocument.Parse(row.GetBinary("Json"));
            JsonElement data = told.RootElement.GetProperty("data");
            if (data.TryGetProperty("recordingId", out JsonElement id) && id.GetString() == $"{recorded.Id}")
                types.Add(told.RootElement.GetProperty("type").GetString()!);
        }
        return [.. types.Order(StringComparer.Ordinal)];
    }

    public async ValueTask DisposeAsync()
    {
        await Stage.DisposeAsync();
        await Service.DisposeAsync();
    }
}

/// <summary>The real clock, set ahead.</summary>
internal sealed class Ahead : TimeProvider
{
    public TimeSpan By { get; set; }

    /// <summary>Null: it goes on by itself.</summary>
    public DateTimeOffset? StoppedAt { get; set; }

    /// <summary>Timers that are set from now on end so many times sooner.</summary>
    public double Speed { get; set; } = 1;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Speed : dueTime, period);

    public override DateTimeOffset GetUtcNow() => (StoppedAt ?? System.GetUtcNow()) + By;
}
