using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

public sealed class ForeignApiTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Segments_are_streamed_with_length_and_hash_and_the_answered_url_is_kept()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.TakesKey = true;
        await using App app = await StartAsync(foreign, new() { ["RecordingApi:ApiKey"] = "sesame" });
        Session session = await SessionAsync(app, 100, (5, "Ada", 2));

        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal(session.BytesOf(session.Segments[0]), foreign.Files["5/segment_000.wav"]);
        Assert.All(foreign.PutHeaders, headers => Assert.Equal("audio/wav|BlockBlob|True|1", headers));
        Assert.Equal("https://cdn.example/5/segment_001.wav",
            foreign.Last("finalize").GetProperty("segments")[1].GetProperty("blobUrl").GetString());
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.DoesNotContain(app.Log.Lines, line =>
            line.Text.Contains("sig=", StringComparison.Ordinal) || line.Text.Contains("sesame", StringComparison.Ordinal));
    }

    /// <summary>A letter of Cyrillic has two bytes in UTF-8 and six where it is escaped: three times the body.</summary>
    [Fact]
    public async Task Names_are_sent_as_they_are_written()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 5_120, (5, "Константин", 1));

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        foreach (string operation in (string[])["segment-upload-url", "finalize"])
        {
            byte[] body = Assert.Single(foreign.Bytes, request => request.Operation == operation).Body;
            Assert.True(body.AsSpan().IndexOf("\"Константин\""u8) > 0, operation);
            Assert.Equal(-1, body.AsSpan().IndexOf("\\u04"u8));
        }
    }

    /// <summary>A service that never said that it takes parts gets its whole list in one request, however long it is.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task Service_without_parts_gets_more_than_five_thousand_segments_in_one_request()
    {
        const int count = 5_004;
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        await using App app = await StartAsync(foreign);
        LongSession session = new(5_121, "Ada", 4, count);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage, Cancellation);
        Assert.True(await app.StartRecordingAsync(new RecordingStarted { Session = session.Info }));

        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal(["finalize"], foreign.Requests.Select(request => request.Operation).Where(operation => operation != "init-live"));
        JsonElement end = foreign.Last("finalize");
        Assert.Equal(count, end.GetProperty("segments").EnumerateArray().Select(segment =>
            (segment.GetProperty("userId").GetString(), segment.GetProperty("segmentIndex").GetInt32())).Distinct().Count());
        Assert.All(["list", "parts"], name =>
            Assert.False(end.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null, name));
    }

    public static TheoryData<int, string, string> AnswersWithoutAnAddress => new()
    {
        { 101, "application/json", "{}" },
        { 5_106, "text/plain", """{"url":"https://cdn.example/x"}""" },
        { 5_107, "application/json", """{"url":"ftp://cdn.example/x"}""" },
        { 5_108, "application/json", """{"url":"/x"}""" },
        { 5_109, "application/json", """{"url":5}""" },
        { 5_110, "application/json", """["https://cdn.example/x"]""" },
        { 5_111, "application/json", """{"url":"https://cdn.example/x" """ },
        { 5_112, "application/json", $$"""{"url":"https://cdn.example/x","padding":"{{new string('a', 64 * 1024)}}"}""" },
    };

    [Theory]
    [MemberData(nameof(AnswersWithoutAnAddress))]
    public async Task Upload_url_without_its_query_counts_when_the_answer_names_none(int seed, string type, string answer)
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.PutAnswer = (type, answer);
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, seed, (5, "Ada", 1));

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal(new Uri(foreign.Address, "put/5/segment_000.wav").AbsoluteUri,
            foreign.Last("finalize").GetProperty("segments")[0].GetProperty("blobUrl").GetString());
    }

    [Theory]
    [InlineData(5_113, "url")]
    [InlineData(5_114, "blobUrl")]
    public async Task Address_in_the_answer_goes_before_the_upload_url(int seed, string name)
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.PutAnswer = ("application/json; charset=utf-8", $$"""{"{{name}}":"http://cdn.example/x"}""");
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, seed, (5, "Ada", 1));

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal("http://cdn.example/x", foreign.Last("finalize").GetProperty("segments")[0].GetProperty("blobUrl").GetString());
    }

    [Fact]
    public async Task Recording_that_the_ledger_knows_is_not_announced_again_by_another_process()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        await using App first = await StartAsync(foreign), second = await StartAsync(foreign);
        Session session = await SessionAsync(first, 120, (5, "Ada", 2));

        Assert.True(await first.MoveAsync(session.Segments[0]));
        Assert.True(await second.MoveAsync(session.Segments[1]));

        Assert.Equal(1, foreign.Count("init-live"));
        Assert.Equal(2, foreign.Files.Count);
    }

    [Fact]
    public async Task Service_without_init_live_gets_the_batch_flow_when_the_recording_stops()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.HasInitLive = false;
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 102, (5, "Ada", 3), (6, "Grace", 1));

        Assert.True(await app.StartRecordingAsync(session.Started));
        foreach (SegmentReady segment in session.Segments.Concat(session.Segments)) Assert.True(await app.MoveAsync(segment));
        Assert.Empty(foreign.Files);
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal(4, foreign.Files.Count);
        Assert.Equal("segmented", foreign.Last("init").GetProperty("format").GetString());
        JsonElement files = foreign.Last("complete").GetProperty("files");
        Assert.Equal([0, 1, 2, 3], files.EnumerateArray().Select(file => file.GetProperty("fileIndex").GetInt32()));
        Assert.All(files.EnumerateArray(), file =>
            Assert.StartsWith("https://cdn.example/", file.GetProperty("blobUrl").GetString(), StringComparison.Ordinal));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Segment_that_vanished_before_the_batch_was_sent_is_named_and_the_others_arrive()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.HasInitLive = false;
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 5_105, (5, "Ada", 3));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        SegmentReady lost = session.Segments[1];
        await app.Get<TempContainer>().DeleteAsync((await app.Get<TempContainer>().FindAsync(lost.BlobName, Cancellation))!, Cancellation);

        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal(2, foreign.Files.Count);
        Assert.Equal([new(lost.Key, "vanished")], await app.Get<LedgerTable>().FaultsAsync(session.Id, Cancellation));
        Assert.Equal([$"{lost.Key}"], await NotesAsync(app, session));
    }

    [Theory]
    [InlineData(429, 1)]
    [InlineData(403, 2)]
    public async Task Refused_put_of_the_batch_flow_stops_no_other_and_asks_for_places_again_only_where_they_are_bad(int status, int inits)
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.HasInitLive = false;
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 1_000 + status, (5, "Ada", 24));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        foreign.PutFaults["5/segment_003.wav"] = (status, "60");

        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Equal((23, 1, 0), (foreign.Files.Count, foreign.Count("init"), foreign.Count("complete")));
        Assert.Contains(app.Log.Lines, line => line.EventId == 5030);
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal((24, inits, 1), (foreign.Files.Count, foreign.Count("init"), foreign.Count("complete")));
        Assert.Equal(25, foreign.PutHeaders.Count);
    }

    [Theory]
    [InlineData(429, "1")]
    [InlineData(503, "1")]
    [InlineData(500, null)]
    public async Task Short_faults_are_ridden_out_within_the_call(int status, string? retryAfter)
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 2_000 + status, (5, "Ada", 1));
        Assert.True(await app.StartRecordingAsync(session.Started));
        foreign.Faults.Enqueue((status, retryAfter));

        Assert.True(await app.MoveAsync(session.Segments[0]));

        Assert.Single(foreign.Files);
        Assert.Equal(2, foreign.Count("segment-upload-url"));
    }

    [Fact]
    public async Task Long_outage_puts_the_message_back_and_burns_no_try()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 104, (5, "Ada", 1));
        Assert.True(await app.StartRecordingAsync(session.Started));
        foreign.Faults.Enqueue((503, "120"));

        Assert.True(await app.MoveAsync(session.Segments[0]));

        Assert.Empty(foreign.Files);
        Assert.Equal(1, foreign.Count("segment-upload-url"));
        Assert.Single(await session.LeftInTempAsync(app.Storage));
        Assert.Contains(app.Log.Lines, line => line.EventId == 5030);
    }

    [Fact]
    public async Task Segment_after_the_end_stays_where_it_is_when_the_service_takes_nothing_more()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        await using App app = await StartAsync(foreign, new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        Session session = await SessionAsync(app, 105, (5, "Ada", 2));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = null }));

        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.True(await app.MoveAsync(session.Segments[1]));

        Assert.Equal([session.Segments[1].BlobName], await session.LeftInTempAsync(app.Storage));
        LedgerSegment row = (await app.Get<LedgerTable>().FindSegmentAsync(session.Segments[1].Key, Cancellation))!;
        Assert.Equal(SegmentState.Refused, row.State);
        Assert.Equal([$"{session.Segments[1].Key}"], await NotesAsync(app, session));
    }

    [Theory]
    [InlineData("cr")]
    [InlineData("c")]
    public async Task Upload_url_of_another_account_is_reached_and_checked(string rights)
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        BlobContainerClient container = new(azurite.Azurite.SecondConnectionString, "theirs");
        await container.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        foreign.UploadUrlFor = name => Sas(container.GetBlobClient($"{rights}/{name}"), rights);
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 106 + rights.Length, (5, "Ada", 1));

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.MoveAsync(session.Segments[0]));

        BinaryData there = (await container.GetBlobClient($"{rights}/5/segment_000.wav").DownloadContentAsync(Cancellation)).Value.Content;
        Assert.Equal(session.BytesOf(session.Segments[0]), there.ToArray());
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Upload_that_was_cut_off_before_its_row_is_recognised_by_the_next_try()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        BlobContainerClient container = new(azurite.Azurite.SecondConnectionString, "theirs");
        await container.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        foreign.UploadUrlFor = name => Sas(container.GetBlobClient($"cut/{name}"), "c");
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 109, (5, "Ada", 1));
        SegmentReady segment = session.Segments[0];
        await app.Get<LedgerTable>().AddSegmentAsync(LedgerSegment.From(segment, SegmentState.Sending, null), Cancellation);
        await container.GetBlobClient("cut/5/segment_000.wav").UploadAsync(new BinaryData(session.BytesOf(segment)), Cancellation);

        Assert.True(await app.MoveAsync(segment));

        Assert.Equal(SegmentState.Moved, (await app.Get<LedgerTable>().FindSegmentAsync(segment.Key, Cancellation))!.State);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Neither_the_key_nor_audio_follows_a_redirect()
    {
        using ScriptedPeer elsewhere = new("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        using ScriptedPeer away = new($"HTTP/1.1 307 Away\r\nLocation: {elsewhere.Address}\r\nContent-Length: 0\r\n\r\n");
        await using App app = await StartAtAsync(away.Address);
        Session session = await SessionAsync(app, 130, (5, "Ada", 1));
        Assert.False(await app.StartRecordingAsync(session.Started));
        Assert.Contains("x-functions-key: sesame", away.Requests.First(), StringComparison.OrdinalIgnoreCase);

        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.UploadUrlFor = name => new Uri(away.Address, "put/" + name).AbsoluteUri;
        await using App uploading = await StartAsync(foreign);
        Assert.False(await uploading.MoveAsync(session.Segments[0]));
        Assert.StartsWith("PUT /put/5/segment_000.wav ", away.Requests.Last(), StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Longer_answer_than_any_of_ours_is_refused_unread()
    {
        using ScriptedPeer endless = new($"HTTP/1.1 200 OK\r\nContent-Length: {RecordingApiClient.LongestAnswer + 1L}\r\n\r\n{{");
        await using App app = await StartAtAsync(endless.Address);
        Session session = await SessionAsync(app, 131, (5, "Ada", 1));
        Assert.False(await app.StartRecordingAsync(session.Started));
        Assert.Contains(app.Log.Lines, line => line.Text.Contains("answered more than 33554432 bytes", StringComparison.Ordinal));
        Assert.Single(endless.Requests);
    }

    [Fact]
    public async Task Refused_upload_is_logged_with_the_storage_s_word_for_it()
    {
        using ScriptedPeer storage = new(
            "HTTP/1.1 403 No\r\nx-ms-error-code: AuthenticationFailed\r\nContent-Length: 0\r\n\r\n");
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.UploadUrlFor = name => new Uri(storage.Address, $"put/{name}?sig=secret").AbsoluteUri;
        await using App app = await StartAsync(foreign);
        Session session = await SessionAsync(app, 132, (5, "Ada", 1));
        await app.MoveAsync(session.Segments[0]);
        Assert.Contains(app.Log.Lines, line =>
            line.Text.Contains("the upload answered 403 (AuthenticationFailed)", StringComparison.Ordinal));
        Assert.DoesNotContain(app.Log.Lines, line => line.Text.Contains("sig=", StringComparison.Ordinal));
    }

    /// <summary>What was noted of the recording for its owner.</summary>
    private static async Task<List<string>> NotesAsync(App app, Session session) =>
        await app.Storage.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>($"Recording eq '{session.Id}'", cancellationToken: Cancellation)
            .Select(row => row.GetString("Subject")).ToListAsync(Cancellation);

    private static string Sas(BlobClient blob, string rights)
    {
        BlobSasBuilder builder = new()
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            Resource = "b",
            ExpiresOn = TimeProvider.System.GetUtcNow().AddMinutes(10)
        };
        builder.SetPermissions(rights);
        return blob.GenerateSasUri(builder).AbsoluteUri;
    }

    private Task<App> StartAtAsync(Uri api) => App.StartAsync(azurite.ConnectionString,
        new() { ["RecordingApi:BaseUrl"] = api.AbsoluteUri, ["RecordingApi:ApiKey"] = "sesame" });

    private Task<App> StartAsync(ForeignApi foreign, Dictionary<string, string?>? settings = null) =>
        App.StartAsync(azurite.ConnectionString, new Dictionary<string,
            string?>(settings ?? [])
        { ["RecordingApi:BaseUrl"] = foreign.Address.AbsoluteUri });

    private static async Task<Session> SessionAsync(App app, int seed, params (ulong, string, int)[] speakers)
    {
        Session session = new(seed, speakers);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        return session;
    }
}
