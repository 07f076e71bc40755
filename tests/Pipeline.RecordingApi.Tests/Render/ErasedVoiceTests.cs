using System.Net;
using System.Text;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>What was made of a recording does not hold an erased voice any more, and holds the others as before.</summary>
public sealed class ErasedVoiceTests(AzuriteFixture azurite) : IDisposable
{
    private const ulong Ada = 11, Grace = 12;

    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    [Fact]
    public async Task Tracks_mix_and_peaks_are_made_of_those_who_are_left()
    {
        Judge.SkipUnlessInstalled("flac");
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 4 * 48_000), 1);
        await stage.AddAsync(recorded, Grace, "Grace", 6 * 48_000, Speech.Of("grace", 4 * 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        short[] before = judge.Decode(await stage.DownloadAsync(recorded, "02-Grace.flac"), "flac");
        Assert.Contains(judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac")[..(4 * 48_000)], value => value != 0);
        await stage.DownloadAsync(recorded, "all-flac.zip");
        Assert.Contains(await ToldAsync(stage, recorded), text => text.Contains("01-Ada.flac", StringComparison.Ordinal));

        await stage.Get<PersonRemoval>().RunAsync(recorded.Id, Ada, TimeProvider.System.GetUtcNow(), (_, _, _) => Task.FromResult(true),
            TestContext.Current.CancellationToken);
        await stage.RenderAsync(recorded);

        Assert.Equal(before, judge.Decode(await stage.DownloadAsync(recorded, "01-Grace.flac"), "flac"));
        short[] mix = judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac");
        Assert.DoesNotContain(mix[..(5 * 2 * 48_000)], value => value != 0); // her part is silence
        Assert.Contains(mix[(5 * 2 * 48_000)..], value => value != 0);
        IReadOnlyList<RecordingFile> files = await stage.FilesAsync(recorded);
        Assert.DoesNotContain(files, file => file.Name.Contains("Ada", StringComparison.Ordinal) || file.UserId == "11");
        using HttpResponseMessage peaks = await stage.GetAsync($"api/recordings/{recorded.Id}/tracks/{Ada}/peaks");
        Assert.Equal(HttpStatusCode.NotFound, peaks.StatusCode);
        string info = Encoding.UTF8.GetString(await stage.DownloadAsync(recorded, "info.json"));
        Assert.DoesNotContain("\"Ada\"", info, StringComparison.Ordinal);
        Assert.Contains("\"erased\"", info, StringComparison.Ordinal);
        string[] told = await ToldAsync(stage, recorded);
        Assert.DoesNotContain(told, text => text.Contains("Ada", StringComparison.Ordinal));
        Assert.Contains(told, text => text.Contains("01-Grace.flac", StringComparison.Ordinal));
    }

    /// <summary>It has counted rows that are gone: others' late segments would be taken for known.</summary>
    [Fact]
    public async Task Count_of_a_finalize_that_came_while_a_person_s_rows_went_does_not_stay()
    {
        using Wire wire = new();
        await using RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite), RenderOptions.Off, transport: wire);
        TableClient table = new TableServiceClient(ClassStorage.Of(azurite)).GetTableClient(StorageNames.LedgerTable);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        RecordingId recording = RecordingId.New(TimeProvider.System);
        await table.AddEntityAsync(new TableEntity($"{recording}", LedgerPartitions.RecordingKey), cancellation);
        await table.AddEntityAsync(new TableEntity($"{recording}", MovedSegments.RowKey(Ada, 0)), cancellation);
        wire.Hold("$batch");
        Task deleting = stage.Get<LedgerPartitions>().DeletePersonAsync(recording, Ada, TimeProvider.System.GetUtcNow(), cancellation);
        await wire.IsHeldAsync();
        TableEntity counted = new($"{recording}", LedgerPartitions.RecordingKey) { ["FinalizedCount"] = 5, ["AnnouncedCount"] = 6 };
        await table.UpsertEntityAsync(counted, TableUpdateMode.Merge, cancellation);
        wire.LetGo();
        await deleting;
        TableEntity head = await table.GetEntityAsync<TableEntity>($"{recording}", LedgerPartitions.RecordingKey,
            cancellationToken: cancellation);
        Assert.Equal((0, 0), (head.GetInt32("FinalizedCount"), head.GetInt32("AnnouncedCount")));
    }

    [Fact]
    public async Task Words_of_who_only_listened_are_in_no_file_any_more()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = ["flac"] });
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Grace, "Grace", 0, Speech.Of("grace", 48_000), 1);
        await stage.FinalizeAsync(recorded, notes: [new RecordingNote { Sample = 24_000, UserId = Ada, Text = "my secret" }]);
        await stage.RenderAsync(recorded);
        await stage.DownloadAsync(recorded, "all-flac.zip");
        await stage.DownloadAsync(recorded, "mix.wav");
        await stage.DownloadAsync(recorded, "01-Grace.wav", "?from=0.25&to=0.75");
        Assert.Equal(["all-flac.zip", "cut-12000-36000-00000000000000000012.wav", "info.json", "labels.txt", "mix.wav"],
            await HoldersAsync(stage, recorded, "my secret"));

        string scope = $"{recorded.Id}";
        ForgetTable people = stage.Get<ForgetTable>();
        ForgetState state = await people.BeginAsync(scope, Ada, TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken);
        for (int round = 0; round < 2; round++)
        {
            ForgetPerson message = new() { Scope = scope, UserId = Ada, Look = state.Number };
            await stage.Get<PersonForgetting>().RunAsync(message, TestContext.Current.CancellationToken);
            await stage.DrainAsync(recorded);
            Assert.Empty(await HoldersAsync(stage, recorded, "my secret"));
            Assert.Contains("\"erased\"", Encoding.UTF8.GetString(await stage.DownloadAsync(recorded, "info.json")),
                StringComparison.Ordinal);
            state = (await people.FindAsync(scope, Ada, TestContext.Current.CancellationToken))!;
            // What somebody was writing all the while goes with the second round.
            if (round == 0)
            {
                Assert.True(await stage.Get<TextFiles>().TryPutAsync(recorded.Id, "labels.txt", "my secret"u8.ToArray(),
                    TestContext.Current.CancellationToken));
            }
        }

        PersonErasure told = await people.DescribeAsync(state, TestContext.Current.CancellationToken);
        Assert.Equal((PersonErasure.Erased, 1, 0), (told.Status, told.Recordings, told.Segments));
    }

    [Fact]
    public async Task Names_of_files_go_with_the_recording()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = ["flac"] });
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Contains("01-Ada.flac", Assert.Single(await ToldAsync(stage, recorded)), StringComparison.Ordinal);
        Assert.NotEmpty(await stage.NamesAsync(recorded.Id));

        using HttpResponseMessage gone = await stage.DeleteAsync($"api/recordings/{recorded.Id}");
        Assert.True(gone.IsSuccessStatusCode);
        DeletionLook look = (await stage.Get<DeletionTable>().FindLookAsync(recorded.Id, TestContext.Current.CancellationToken))!;
        for (int again = 0; again < 2; again++)
        {
            await stage.Get<RecordingErasure>().RunAsync(new DeleteRecording { RecordingId = recorded.Id, Look = look.Number },
                TestContext.Current.CancellationToken);
        }

        Assert.Empty(await stage.NamesAsync(recorded.Id));
        string told = Assert.Single(await ToldAsync(stage, recorded));
        Assert.DoesNotContain("Ada", told, StringComparison.Ordinal);
        Assert.Contains("\"files.ready\"", told, StringComparison.Ordinal);
    }

    /// <summary>Files of the recording, as they lie in the storage, that hold this text.</summary>
    private static async Task<string[]> HoldersAsync(RenderStage stage, Recorded recorded, string text)
    {
        List<string> holders = [];
        foreach (string name in await stage.NamesAsync(recorded.Id))
        {
            using MemoryStream bytes = new();
            await stage.Get<RendersContainer>().CopyToAsync(name, bytes, TestContext.Current.CancellationToken);
            if (bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0) holders.Add(name[(name.IndexOf('/') + 1)..]);
        }
        return [.. holders.Order(StringComparer.Ordinal)];
    }

    /// <summary>What the log of events has of the recording's files.</summary>
    private static async Task<string[]> ToldAsync(RenderStage stage, Recorded recorded)
    {
        List<string> told = [];
        await foreach (TableEntity row in stage.Storage.Tables.GetTableClient(StorageNames.EventsTable).QueryAsync<TableEntity>(
            row => row.PartitionKey == "log", cancellationToken: TestContext.Current.CancellationToken))
        {
            if (row.RowKey.Contains($"files.ready_{recorded.Id}", StringComparison.Ordinal))
                told.Add(Encoding.UTF8.GetString(row.GetBinary("Json")));
        }
        return [.. told];
    }
}
