using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>The app as a process of its own that is killed again and again while it deletes a recording: nothing of it is left.</summary>
public sealed class DeletionKillTests : IAsyncLifetime
{
    private const int Segments = 1_500;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private static readonly string[] Containers =
        [StorageNames.TempContainer, StorageNames.RecordingsContainer, StorageNames.RendersContainer];

    private Azurite azurite = null!;
    private App storage = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        azurite = await Azurite.StartAsync();
        storage = await App.StartAsync(azurite.ConnectionString, new() { ["RENDER_FORMATS"] = "off" });
        await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        await azurite.DisposeAsync();
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task Nothing_is_left_whenever_the_process_is_killed() => KillAsync(moments: 3, seed: 43);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Nothing_is_left_after_ten_kills() => KillAsync(moments: 10, seed: 44);

    private async Task KillAsync(int moments, int seed)
    {
        Random random = new(seed);
        RecordingId id = await RecordAsync(seed);
        Assert.Equal(HttpStatusCode.Accepted, await DeleteAsync(id));
        List<int> left = [(await StateAsync(id)).RemainingFiles];
        for (int moment = 0; moment < moments; moment++)
        {
            await using ChildProcess doomed = Start();
            // What a killed process had taken comes back after four seconds. Killed before, it would have done nothing.
            await UntilFewerAsync(id, left[^1]);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 100)), TimeProvider.System, Cancellation);
            doomed.Kill();
            left.Add((await StateAsync(id)).RemainingFiles);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"files left at first and after each kill: {string.Join(", ", left)}");
        Assert.True(left.Count(files => files > 0) > moments / 2, "the machine deletes faster than the test kills");
        await using ChildProcess last = Start();
        long began = TimeProvider.System.GetTimestamp();
        while ((await StateAsync(id)).Status != "deleted")
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, string.Join('\n', last.Lines.TakeLast(20)));
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, Cancellation);
        }

        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(id));
        foreach (string container in Containers) Assert.Empty(await BlobsAsync(container, id));
        foreach (string table in (string[])[StorageNames.LedgerTable, StorageNames.ReportsTable, StorageNames.TranscriptsTable,
            StorageNames.RendersTable]) Assert.Empty(await RowsAsync(table, id));
        // The row that says so, and the look at what an upload URL may bring yet.
        Assert.Equal(["deleting", id.ToString()],
            (await RowsAsync(StorageNames.CatalogueTable, id)).Select(row => row.PartitionKey).Order(StringComparer.Ordinal).Reverse());
        Assert.NotNull((await storage.Get<DeletionTable>().FindLookAsync(id, Cancellation))!.GoneAt);
        Assert.Equal(1, await EventsAsync(id, began));
    }

    /// <summary>A finished recording with something of every kind that there is of one.</summary>
    private async Task<RecordingId> RecordAsync(int seed)
    {
        LongSession session = new(seed, "Ada", 3, Segments);
        RecordingId id = session.Id;
        await session.PutAllAsync(storage.Storage, Cancellation);
        Assert.True(await storage.StartRecordingAsync(new RecordingStarted { Session = session.Info }));
        // A part of a list that nobody finished.
        await WireRequests.PutSegmentsAsync(storage, id.ToString(), 1);
        JsonObject part = new()
        {
            ["list"] = "one-list-of-it",
            ["first"] = 0,
            ["segments"] = WireRequests.End(storage, id.ToString(), 1)["segments"]!.DeepClone(),
        };
        using StringContent body = new(part.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage put = await storage.Http.PutAsync(
            new Uri($"api/recordings/{id}/finalize/parts/0", UriKind.Relative), body, Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        Assert.True(await storage.FinalizeAsync(session.Stopped));
        await storage.Get<Reports>().WriteAsync(id, $"{id}/8-Ada0/segment_000.wav", "altered", Cancellation);
        TableClient texts = storage.Storage.Tables.GetTableClient(StorageNames.TranscriptsTable);
        foreach (string container in Containers[..1].Append(StorageNames.RendersContainer))
        {
            BlobContainerClient place = storage.Storage.Blobs.GetBlobContainerClient(container);
            for (int index = 0; index < 20; index++)
                await place.GetBlobClient($"{id}/8-Ada0/{BlobPaths.SegmentFileName(index)}").UploadAsync(new BinaryData([1]), Cancellation);
        }
        for (int index = 0; index < 20; index++) await texts.AddEntityAsync(new TableEntity(id.ToString(), $"w-{index}"), Cancellation);
        Assert.Equal(Segments, (await storage.RecordingAsync(id))!.SegmentCount);
        return id;
    }

    private async Task UntilFewerAsync(RecordingId id, int than)
    {
        LoopLimit limit = new($"fewer than {than} files are left", Patience);
        while (than > 0 && (await StateAsync(id)).RemainingFiles >= than)
        {
            limit.Turn();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
        }
    }

    private ChildProcess Start() => LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0], new()
    {
        ["Functions__LocalHide"] = "4s",
        ["RENDER_FORMATS"] = "off",
    });

    private async Task<HttpStatusCode> DeleteAsync(RecordingId id)
    {
        using HttpResponseMessage answer = await storage.Http.DeleteAsync(new Uri($"api/recordings/{id}", UriKind.Relative), Cancellation);
        return answer.StatusCode;
    }

    private async Task<DeletionState> StateAsync(RecordingId id)
    {
        using HttpResponseMessage answer = await storage.Http.GetAsync(new Uri($"api/recordings/{id}/deletion", UriKind.Relative),
            Cancellation);
        return await storage.ReadAsync(answer, WireJsonContext.Default.DeletionState);
    }

    private async Task<List<string>> BlobsAsync(string container, RecordingId id) =>
        await storage.Storage.Blobs.GetBlobContainerClient(container)
            .GetBlobsAsync(new GetBlobsOptions { Prefix = $"{id}/" }, Cancellation).Select(item => item.Name).ToListAsync(Cancellation);

    private async Task<List<TableEntity>> RowsAsync(string table, RecordingId id) =>
        await storage.Storage.Tables.GetTableClient(table).QueryAsync<TableEntity>(cancellationToken: Cancellation)
            .Where(row => row.PartitionKey == id.ToString() || row.RowKey.Contains(id.ToString(), StringComparison.Ordinal))
            .ToListAsync(Cancellation);

    // The log shows an event some seconds after it was raised.
    private async Task<int> EventsAsync(RecordingId id, long began)
    {
        while (true)
        {
            JsonNode page = JsonNode.Parse(await storage.Http.GetStringAsync(new Uri("api/events?limit=1000", UriKind.Relative),
                Cancellation))!;
            int told = page["events"]!.AsArray().Count(one => (string?)one!["type"] == EventTypes.RecordingDeleted
                && (string?)one["data"]!["recordingId"] == id.ToString());
            if (told > 0) return told;
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "the event never came");
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Cancellation);
        }
    }
}
