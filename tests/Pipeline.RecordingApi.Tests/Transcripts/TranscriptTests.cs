using System.Text.Json;
using Azure.Data.Tables;
using Microsoft.AspNetCore.Http;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.Storage;
using Pipeline.TestKit;
using Pipeline.TestKit.Speech;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>What is sent, what is not, and what becomes of it.</summary>
public sealed class TranscriptTests(AzuriteFixture azurite)
{
    private const ulong Ada = 51, Grace = 52;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Scripts of many languages, some from right to left, and what would break a file's form.</summary>
    private static readonly string[] Texts =
    [
        "Größe, naïve, smørrebrød, żółć, ůžasné", "Καλημέρα κόσμε", "Привет, мир", "Բարեւ աշխարհ", "გამარჯობა",
        "مرحبا بالعالم", "שלום עולם", "سلام دنیا",
        "नमस्ते दुनिया", "নমস্কার", "ਸਤ ਸ੍ਰੀ ਅਕਾਲ", "વંદન", "வணக்கம் உலகம்", "నమస్కారం",
        "ನಮಸ್ಕಾರ", "നമസ്കാരം", "ආයුබෝවන්",
        "สวัสดีชาวโลก", "ສະບາຍດີ", "မင်္ဂလာပါ", "សួស្តី", "你好,世界", "こんにちは世界",
        "안녕하세요", "ሰላም ዓለም", "ᐊᐃᓐᖓᐃ", "ᏏᏲ", "𐌷𐌰𐌻𐌻𐍉", "👋🏽🌍",
        "a --> b", "<v Eve>not I</v>", "AT&T &amp; <b>", "\"quoted\" \\ back", "{curly} $dollar",
    ];

    [Fact]
    public async Task Text_of_any_script_is_in_every_file_as_it_was_heard()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada & <Co>", 48_000, Speech.Of("ada", 2 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);
        string answer = JsonSerializer.Serialize(new
        {
            text = string.Join(' ', Texts),
            segments = Texts.Select((text, at) => new { start = at / 20.0, end = (at + 1) / 20.0, text }),
        });
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text(answer));

        await stage.TranscribeAsync(recorded);

        JsonElement turns = (await stage.JsonAsync(recorded)).GetProperty("turns");
        Assert.Equal(Texts, turns.EnumerateArray().Select(turn => turn.GetProperty("text").GetString()));
        string srt = await stage.TextAsync(recorded, "transcript.srt"), plain = await stage.TextAsync(recorded, "transcript.txt");
        Assert.Equal(Texts, srt.TrimEnd().Split("\n\n").Select(cue => cue.Split("\nAda & <Co>: ")[1]));
        Assert.Equal(Texts, plain.TrimEnd().Split('\n').Select(line => line.Split("] Ada & <Co>: ")[1]));
        Assert.StartsWith($"[00:00:01] Ada & <Co>: {Texts[0]}\n", plain, StringComparison.Ordinal);
        string vtt = await stage.TextAsync(recorded, "transcript.vtt");
        Assert.StartsWith("WEBVTT\n\n00:00:01.000 --> 00:00:01.050\n<v Ada &amp; &lt;Co&gt;>", vtt, StringComparison.Ordinal);
        Assert.Equal(Texts, vtt.TrimEnd().Split("\n\n").Skip(1).Select(cue => System.Net.WebUtility.HtmlDecode(cue.Split("&gt;>")[1])));
    }

    [Fact]
    public async Task Long_talk_is_sent_whole_and_once_in_pieces_of_at_most_a_minute()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await stage.Stage.BeginAsync();
        short[] talk = Speech.Of("ada", 10 * 48_000);
        for (int part = 0; part < 16; part++) await stage.Stage.AddAsync(recorded, Ada, "Ada", (5 + (part * 10)) * 48_000L, talk, 1);
        await stage.Stage.FinalizeAsync(recorded);

        // Four at once: the same look, as repeated and doubled messages have it.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => stage.Stage.Get<TranscribeRecording>().RunAsync(
            new TranscribeStretch { RecordingId = recorded.Id, UserId = Ada }, Cancellation)));
        stage.Time.By += TimeSpan.FromMinutes(5);
        await stage.TranscribeAsync(recorded);

        Assert.Equal(160, stage.Service.Requests.Sum(request => request.Seconds), 0.01);
        Assert.All(stage.Service.Requests, request => Assert.InRange(request.Seconds, 1, 60));
        Assert.InRange(stage.Service.Requests.Count, 3, 6);
        TranscriptState state = (await stage.DetailsAsync(recorded)).Transcript!;
        Assert.Equal((TranscriptState.Ready, 160 * 48_000L), (state.Status, state.TranscribedSamples));
    }

    [Fact]
    public async Task Silence_is_not_sent_and_the_budget_ends_it()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite, service =>
            TranscriptStage.OpenAi(service) with { Budget = TimeSpan.FromMinutes(1) });
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Grace, "Grace", 48_000, new short[20 * 48_000], 1);
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 48_000, Speech.Of("ada", 30 * 48_000), 1);
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 100 * 48_000L, Speech.Of("ada", 30 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);

        await stage.TranscribeAsync(recorded);

        Assert.NotEmpty(stage.Service.Requests);
        Assert.All(stage.Service.Requests, request => Assert.Contains(request.Wave[44..], value => value != 0));
        Assert.True(stage.Service.Requests.Sum(request => request.Seconds) <= 60);
        TranscriptState state = (await stage.DetailsAsync(recorded)).Transcript!;
        Assert.Equal(TranscriptState.Partial, state.Status);
        Assert.Contains("Transcription__MaxMinutes", state.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_opted_out_is_not_sent()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await TalkOfTwoAsync(stage);
        string path = $"api/guilds/1/settings/opt-outs/{Grace}";
        using (HttpResponseMessage put = await stage.Stage.SendAsync(HttpMethod.Put, path)) Assert.True(put.IsSuccessStatusCode);
        try
        {
            await stage.TranscribeAsync(recorded);
        }
        finally
        {
            using HttpResponseMessage back = await stage.Stage.SendAsync(HttpMethod.Delete, path);
        }
        Assert.Equal(4, stage.Service.Requests.Sum(request => request.Seconds), 0.01);
        Assert.Equal(TranscriptState.Ready, (await stage.DetailsAsync(recorded)).Transcript!.Status);
    }

    [Fact]
    public async Task Text_of_which_all_was_taken_back_is_ready_and_empty()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Grace, "Grace", 48_000, Speech.Of("grace", 3 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);
        stage.Service.Answer = (_, _) => Task.FromResult(Results.StatusCode(503));
        await stage.TranscribeAsync(recorded);
        Assert.Equal(TranscriptState.Running, (await stage.DetailsAsync(recorded)).Transcript!.Status);

        string path = $"api/guilds/1/settings/opt-outs/{Grace}";
        using (HttpResponseMessage put = await stage.Stage.SendAsync(HttpMethod.Put, path)) Assert.True(put.IsSuccessStatusCode);
        try
        {
            await stage.TranscribeAsync(recorded);
        }
        finally
        {
            using HttpResponseMessage back = await stage.Stage.SendAsync(HttpMethod.Delete, path);
        }

        Assert.Equal(TranscriptState.Ready, (await stage.DetailsAsync(recorded)).Transcript!.Status);
        Assert.Empty((await stage.JsonAsync(recorded)).GetProperty("turns").EnumerateArray());
    }

    [Fact]
    public async Task Budget_that_was_raised_lets_the_rest_be_heard_and_is_no_problem_any_more()
    {
        await using TranscriptStage small = await TranscriptStage.StartAsync(azurite, service =>
            TranscriptStage.OpenAi(service) with { Budget = TimeSpan.FromMinutes(1) });
        Recorded recorded = await small.Stage.BeginAsync();
        await small.Stage.AddAsync(recorded, Ada, "Ada", 48_000, Speech.Of("ada", 45 * 48_000), 1);
        await small.Stage.AddAsync(recorded, Ada, "Ada", 100 * 48_000L, Speech.Of("ada", 45 * 48_000), 1);
        await small.Stage.FinalizeAsync(recorded);
        await small.TranscribeAsync(recorded);
        await small.TranscribeAsync(recorded);
        Assert.Equal(TranscriptState.Partial, (await small.DetailsAsync(recorded)).Transcript!.Status);

        await using TranscriptStage large = await TranscriptStage.StartAsync(azurite);
        await large.TranscribeAsync(recorded);

        TranscriptState state = (await large.DetailsAsync(recorded)).Transcript!;
        Assert.Equal((TranscriptState.Ready, null, 90 * 48_000L), (state.Status, state.Problem, state.TranscribedSamples));
        Assert.Equal("ready", (await large.JsonAsync(recorded)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Deletion_takes_the_text_along_and_a_late_answer_brings_nothing_back()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await TalkOfTwoAsync(stage);
        TaskCompletionSource asked = new(), goOn = new();
        stage.Service.Answer = async (_, _) =>
        {
            asked.TrySetResult();
            await goOn.Task;
            return Results.Text("""{"text":"too late","segments":[{"start":0,"end":1,"text":"too late"}]}""");
        };
        Task work = stage.Stage.Get<TranscribeRecording>().RunAsync(
            new TranscribeStretch { RecordingId = recorded.Id, UserId = Ada }, Cancellation);
        await asked.Task.WaitAsync(Cancellation);
        using HttpResponseMessage gone = await stage.Stage.DeleteAsync($"api/recordings/{recorded.Id}");
        Assert.True(gone.IsSuccessStatusCode);
        DeletionLook look = (await stage.Stage.Get<DeletionTable>().FindLookAsync(recorded.Id, Cancellation))!;
        await stage.Stage.Get<RecordingErasure>().RunAsync(new DeleteRecording { RecordingId = recorded.Id, Look = look.Number },
            Cancellation);
        goOn.SetResult();
        await work;
        await stage.TranscribeAsync(recorded);

        Assert.Empty(await RowsAsync(stage, recorded));
    }

    [Fact]
    public async Task Erased_persons_words_are_gone_from_rows_and_files_and_a_late_answer_brings_nothing_back()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text("""{"text":"from the others"}"""));
        Recorded recorded = await TalkOfTwoAsync(stage);
        TranscribeRecording work = stage.Stage.Get<TranscribeRecording>();
        await work.RunAsync(new TranscribeStretch { RecordingId = recorded.Id, UserId = Grace }, Cancellation);
        TaskCompletionSource asked = new(), goOn = new();
        stage.Service.Answer = async (_, _) =>
        {
            asked.TrySetResult();
            await goOn.Task;
            return Results.Text("""{"text":"my secret"}""");
        };
        Task late = work.RunAsync(new TranscribeStretch { RecordingId = recorded.Id, UserId = Ada }, Cancellation);
        await asked.Task.WaitAsync(Cancellation);
        int sent = stage.Service.Requests.Count;

        await stage.Stage.Get<PersonRemoval>().RunAsync(recorded.Id, Ada, TimeProvider.System.GetUtcNow(),
            (_, _, _) => Task.FromResult(true), Cancellation);
        Assert.Contains("from the others", await stage.TextAsync(recorded, "transcript.txt"), StringComparison.Ordinal);
        goOn.SetResult();
        await late;
        await stage.TranscribeAsync(recorded);

        Assert.Equal(sent, stage.Service.Requests.Count);
        foreach (string name in new[] { "transcript.json", "transcript.srt", "transcript.txt", "transcript.vtt" })
        {
            string text = await stage.TextAsync(recorded, name);
            Assert.DoesNotContain("my secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Ada", text, StringComparison.Ordinal);
            Assert.Contains("from the others", text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(await RowsAsync(stage, recorded), row => row.Contains($"{Ada:D20}", StringComparison.Ordinal));
        Assert.Equal(TranscriptState.Ready, (await stage.DetailsAsync(recorded)).Transcript!.Status);

        await stage.Stage.Get<PersonRemoval>().RunAsync(recorded.Id, Grace, TimeProvider.System.GetUtcNow(),
            (_, _, _) => Task.FromResult(true), Cancellation);
        await stage.TranscribeAsync(recorded);
        Assert.Empty(await RowsAsync(stage, recorded));
        Assert.Null((await stage.DetailsAsync(recorded)).Transcript);
    }

    [Fact]
    public async Task Amendment_sends_what_is_new_and_nothing_else()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text("""{"text":"yes"}"""));
        Recorded recorded = await TalkOfTwoAsync(stage);
        await stage.TranscribeAsync(recorded);
        int before = stage.Service.Requests.Count;
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 50 * 48_000, Speech.Of("ada", 7 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded, amends: true);

        await stage.TranscribeAsync(recorded);

        Assert.Equal(7, Assert.Single(stage.Service.Requests.Skip(before)).Seconds, 0.01);
        Assert.Equal(2, (await stage.EventsAsync(recorded)).Count(type => type == "transcript.ready"));
    }

    [Fact]
    public async Task While_the_call_goes_on_talk_is_sent_at_a_pause_or_when_there_is_much_of_it()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await stage.Stage.BeginAsync();
        TranscribeRecording work = stage.Stage.Get<TranscribeRecording>();
        short[] talk = Speech.Of("ada", 10 * 48_000);
        for (int part = 0; part < 7; part++)
        {
            await stage.Stage.AddAsync(recorded, Ada, "Ada", part * 10 * 48_000L, talk, 1);
            await stage.MoveAsync(recorded, recorded.Segments[^1]);
            // The message of the segment before: by now there is a newer one.
            await work.RunAsync(new TranscribeStretch { RecordingId = recorded.Id, UserId = Ada, EndSample = part * 480_000L },
                Cancellation);
        }
        Assert.InRange(Assert.Single(stage.Service.Requests).Seconds, 30, 60);
        await work.RunAsync(new TranscribeStretch { RecordingId = recorded.Id, UserId = Ada, EndSample = 7 * 480_000L }, Cancellation);
        Assert.Equal(70, stage.Service.Requests.Sum(request => request.Seconds), 0.01);
        TranscriptState state = (await stage.DetailsAsync(recorded)).Transcript!;
        Assert.Equal((TranscriptState.Running, 70 * 48_000L), (state.Status, state.UpToSample));
        Assert.Equal("running", (await stage.JsonAsync(recorded)).GetProperty("status").GetString());

        await stage.Stage.FinalizeAsync(recorded);
        await stage.TranscribeAsync(recorded);
        Assert.Equal(70, stage.Service.Requests.Sum(request => request.Seconds), 0.01);
        Assert.Equal("ready", (await stage.JsonAsync(recorded)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Azure_speech_is_asked_as_it_wants_and_its_phrases_are_placed()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite, TranscriptStage.Azure);
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 10 * 48_000, Speech.Of("ada", 4 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);
        stage.Service.Answer = (_, _) => Task.FromResult(Results.Text("""
            {"durationMilliseconds":4000,"combinedPhrases":[{"text":"Guten Tag."}],"phrases":[{"channel":0,"offsetMilliseconds":700,
            "durationMilliseconds":900,"text":"Guten Tag.","words":[{"text":"Guten","offsetMilliseconds":700,"durationMilliseconds":400},
            {"text":"Tag.","offsetMilliseconds":1200,"durationMilliseconds":400}],"locale":"de-DE","confidence":0.93}]}
            """));

        await stage.TranscribeAsync(recorded);

        Assert.Empty(stage.Service.Refused);
        using JsonDocument definition = JsonDocument.Parse(Assert.Single(stage.Service.Requests).Field("definition")!);
        Assert.Equal(["en-US", "de-DE"],
            definition.RootElement.GetProperty("locales").EnumerateArray().Select(locale => locale.GetString()!));
        JsonElement json = await stage.JsonAsync(recorded);
        Assert.Equal("de-DE", json.GetProperty("language").GetString());
        JsonElement turn = Assert.Single(json.GetProperty("turns").EnumerateArray());
        Assert.Equal(($"{Ada}", "Guten Tag.", 10.7, 11.6, 0.93), (turn.GetProperty("user").GetString()!,
            turn.GetProperty("text").GetString()!, turn.GetProperty("start").GetDouble(), turn.GetProperty("end").GetDouble(),
            turn.GetProperty("confidence").GetDouble()));
        Assert.Equal(11.2, turn.GetProperty("words")[1].GetProperty("start").GetDouble());
    }

    [Fact]
    public async Task Bundle_has_the_text_and_the_list_names_it()
    {
        await using TranscriptStage stage = await TranscriptStage.StartAsync(azurite);
        Recorded recorded = await TalkOfTwoAsync(stage);
        await stage.TranscribeAsync(recorded);
        await stage.Stage.RenderAsync(recorded);

        RecordingFile[] texts = [.. (await stage.Stage.FilesAsync(recorded)).Where(file => file.Kind == "transcript")];
        Assert.Equal(["transcript.json", "transcript.srt", "transcript.txt", "transcript.vtt"], texts.Select(file => file.Name).Order());
        Assert.All(texts, file => Assert.Equal("ready", file.State));
        using System.IO.Compression.ZipArchive zip = new(new MemoryStream(await stage.Stage.DownloadAsync(recorded, "all-flac.zip")));
        Assert.Contains(zip.Entries, entry => entry.Name == "transcript.vtt");
    }

    private static async Task<Recorded> TalkOfTwoAsync(TranscriptStage stage)
    {
        Recorded recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 48_000, Speech.Of("ada", 4 * 48_000), 1);
        await stage.Stage.AddAsync(recorded, Grace, "Grace", 8 * 48_000, Speech.Of("grace", 3 * 48_000), 1);
        await stage.Stage.FinalizeAsync(recorded);
        return recorded;
    }

    private static async Task<List<string>> RowsAsync(TranscriptStage stage, Recorded recorded)
    {
        List<string> rows = [];
        await foreach (TableEntity row in stage.Stage.Storage.Tables.GetTableClient(StorageNames.TranscriptsTable).QueryAsync<TableEntity>(
            row => row.PartitionKey == $"{recorded.Id}", cancellationToken: Cancellation)) rows.Add(row.RowKey);
        return rows;
    }
}
