using System.Net;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>
/// What a file costs the storage where a browser has asked for thousands of stretches: that of one file, and not of all others too.
/// </summary>
public sealed class FileRequestsTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const int Stretches = 2_100; // a query gives a thousand rows at once
    private readonly Wire wire = new();
    private RenderStage stage = null!;
    private Recorded recorded = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        stage = await RenderStage.StartAsync(ClassStorage.Of(azurite), new RenderOptions { Formats = [RenderFormat.Flac] },
            transport: wire);
        recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.AddAsync(recorded, Grace, "Grace", 0, Speech.Of("grace", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        TableClient table = stage.Storage.Tables.GetTableClient(StorageNames.RendersTable);
        TableEntity row = await table.GetEntityAsync<TableEntity>($"{recorded.Id}", "f-mix.flac", cancellationToken: Cancellation);
        foreach (int[] some in Enumerable.Range(0, Stretches).Chunk(100))
        {
            await table.SubmitTransactionAsync(some.Select(at => new TableTransactionAction(TableTransactionActionType.Add,
                new TableEntity(new Dictionary<string, object>(row) { ["RowKey"] = $"f-cut-{at}-{at + 1}-mix.flac" }))), Cancellation);
        }
        wire.Asked.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await stage.DisposeAsync();
        wire.Dispose();
    }

    [Fact]
    public async Task File_that_is_asked_for_costs_its_own_row()
    {
        foreach ((string name, HttpStatusCode expected) in new[]
        {
            ("01-Ada.flac", HttpStatusCode.Redirect), ("info.json", HttpStatusCode.Redirect), ("transcript.vtt", HttpStatusCode.NotFound),
            ("01-Ada.wav", HttpStatusCode.Accepted), ("cut-7-8-mix.flac", HttpStatusCode.Accepted),
        })
        {
            wire.Asked.Clear();
            using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{name}");
            Assert.Equal((name, expected), (name, answer.StatusCode));
            Assert.Empty(Queries());
            Assert.Single(wire.Asked, address =>
                address.Contains($"/{StorageNames.RendersTable}(PartitionKey=", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task List_and_bundles_cost_the_rows_of_whole_files_and_a_bundle_of_a_stretch_its_own()
    {
        await stage.FilesAsync(recorded);
        Assert.Equal(2, Queries().Length);
        wire.Asked.Clear();
        foreach ((string query, int queries) in new[] { ("", 2), ("?from=0.25&to=0.5", 1) })
        {
            using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/all-flac.zip{query}");
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            Assert.Equal(queries, Queries().Length);
            wire.Asked.Clear();
        }
        foreach (string query in new[] { "", "?from=0.25&to=0.5" })
            Assert.NotEmpty(await stage.DownloadAsync(recorded, "all-flac.zip", query));
    }

    [Fact]
    public async Task Sound_that_is_asked_for_is_made_without_the_windows_of_others()
    {
        const string Cut = "?from=0.25&to=0.5";
        foreach ((string name, string query) in new[] { ("01-Ada.flac", Cut), ("01-Ada.wav", ""), ("mix.flac", Cut), ("mix.wav", "") })
        {
            using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{name}{query}");
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            RenderWindow message = Assert.Single(await stage.TakeMessagesAsync(recorded.Id));
            wire.Asked.Clear();

            await stage.Get<RenderRecording>().RunAsync(message, Cancellation);

            string[] queries = Queries();
            if (!name.StartsWith("mix", StringComparison.Ordinal)) Assert.Empty(queries);
            Assert.All(queries, address => Assert.Contains("RowKey ge 'w-mix-", address, StringComparison.Ordinal));
            Assert.NotEmpty(await stage.DownloadAsync(recorded, name, query));
        }
    }

    // Of the table, not of the container that has the same name.
    private string[] Queries() => [.. wire.Asked.Where(address =>
        address.Contains($"/{StorageNames.RendersTable}()?", StringComparison.Ordinal))];
}
