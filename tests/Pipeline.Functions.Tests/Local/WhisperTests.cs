using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Azure.Storage.Blobs;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Local;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.Settings;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>Talk becomes text by whisper.cpp in the process itself: the real library, with a model whose weights are seeded.</summary>
public sealed class WhisperTests : IClassFixture<WhisperFiles>
{
    private const int Second = 48_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly AzuriteFixture azurite;
    private readonly WhisperFiles files;

    public WhisperTests(AzuriteFixture azurite, WhisperFiles files)
    {
        Assert.SkipUnless(WhisperFiles.CanRun, "libgomp1 is not installed, or this processor has no AVX2");
        (this.azurite, this.files) = (azurite, files);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Talk_becomes_text_at_its_place_and_the_recording_stays_as_it_is()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, Settings(files.Small));
        Session session = await RecordedAsync(app, 711, 12);

        await TranscribeAsync(app, session);

        StretchRow row = Assert.Single(await RowsAsync(app, session));
        Assert.Equal((StretchState.Done, null), (row.State, row.Reason));
        TextPhrase[] phrases = [.. row.Text!.Phrases];
        Assert.NotEmpty(phrases);
        Assert.NotNull(row.Text.Language);
        Assert.All(phrases, phrase =>
        {
            Assert.InRange(phrase.Start, 0, 12);
            Assert.InRange(phrase.End, phrase.Start, 12);
            Assert.InRange(phrase.Confidence!.Value, 0, 1);
            Assert.DoesNotContain("[_", phrase.Text, StringComparison.Ordinal);
            Assert.All(phrase.Words, word => Assert.InRange(word.Start, 0, word.End));
            Assert.All(phrase.Words, word => Assert.InRange(word.Confidence!.Value, 0, 1));
            if (phrase.Words.Count > 0) Assert.Equal(phrase.Text, string.Join(' ', phrase.Words.Select(word => word.Text)));
        });
        await DemandUntouchedAsync(app, session);
    }

    [Fact]
    public async Task Model_is_loaded_with_the_first_stretch_and_once()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, Settings(files.Small, ("Transcription:Language", "de-DE")));
        Session first = await RecordedAsync(app, 712, 2), second = await RecordedAsync(app, 713, 2);
        Assert.DoesNotContain(app.Log.Lines, line => line.EventId == 5049);

        await Task.WhenAll(TranscribeAsync(app, first), TranscribeAsync(app, second));

        Assert.Single(app.Log.Lines, line => line.EventId == 5049);
        Assert.All((await RowsAsync(app, first)).Concat(await RowsAsync(app, second)),
            row => Assert.Equal((StretchState.Done, "de"), (row.State, row.Text!.Language)));
    }

    /// <summary>The file was there at the start and is another one by the first talk.</summary>
    [Fact]
    public async Task File_that_is_spoiled_meanwhile_costs_nothing_but_time()
    {
        using TempFolder folder = new();
        string path = folder.Combine("model.bin");
        File.Copy(files.Small, path);
        ShiftedTime time = new();
        await using App app = await App.StartAsync(azurite.ConnectionString, Settings(path), time);
        Session session = await RecordedAsync(app, 714, 2);
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(files.Small, Cancellation))[..1_000_000], Cancellation);

        await TranscribeAsync(app, session);

        StretchRow row = Assert.Single(await RowsAsync(app, session));
        Assert.Equal(StretchState.Waiting, row.State);
        Assert.Contains("Transcription__ModelPath cannot be loaded (it is cut short", row.Reason, StringComparison.Ordinal);
        await DemandUntouchedAsync(app, session);

        File.Copy(files.Small, path, overwrite: true);
        time.Ahead = TimeSpan.FromMinutes(5);
        await TranscribeAsync(app, session);
        Assert.Equal(StretchState.Done, Assert.Single(await RowsAsync(app, session)).State);
    }

    [Fact]
    public async Task Model_that_takes_too_long_is_stopped_and_says_what_helps()
    {
        TranscriptionOptions options = new() { ModelPath = files.Slow, Timeout = TimeSpan.FromSeconds(1) };
        using LogSink log = new();
        using WhisperTranscriber transcriber = new(WhisperModel.Read(files.Slow), options, TimeProvider.System,
            new Microsoft.Extensions.Logging.Logger<WhisperTranscriber>(log));

        TranscriptionException refused = await Assert.ThrowsAsync<TranscriptionException>(() =>
            transcriber.TranscribeAsync(SpeechWave.Of(Talk(20)), Cancellation));

        Assert.StartsWith("the model did not end within 1 s", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Transcription__Timeout", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsAboutTheSound);
    }

    /// <summary>A model cannot be asked to hurry: it is left when the grace is over, and its stretch waits for the next process.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task Process_ends_in_the_middle_of_a_stretch_within_its_grace()
    {
        await using Azurite own = await Azurite.StartAsync();
        await using App storage = await App.StartAsync(own.ConnectionString);
        await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = await RecordedAsync(storage, 715, 55);
        Dictionary<string, string?> settings = new()
        {
            ["Transcription__Kind"] = "whisper",
            ["Transcription__ModelPath"] = files.Slow,
            ["SHUTDOWN_GRACE"] = "2",
        };
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, own.ConnectionString, FreePort.Take(1)[0],
            settings);
        await storage.Get<MessageQueues>().SendAsync(new TranscribeStretch { RecordingId = session.Id, UserId = 5 },
            TimeSpan.Zero, Cancellation);
        await app.WaitForLineAsync(line => line.Contains("Talk is turned into text here", StringComparison.Ordinal), Patience);

        await app.SignalAsync(15);
        long signalled = TimeProvider.System.GetTimestamp();

        Assert.Equal(0, await app.WaitForExitAsync(Patience));
        // What it was at takes minutes.
        Assert.InRange(TimeProvider.System.GetElapsedTime(signalled), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.DoesNotContain(app.Lines, line => line.Contains("Unhandled", StringComparison.Ordinal));
        StretchRow row = Assert.Single(await RowsAsync(storage, session));
        Assert.Equal((StretchState.Waiting, 1), (row.State, row.Attempts));
        Assert.Null(row.Text);
        await DemandUntouchedAsync(storage, session);
    }

    [Theory]
    [InlineData("absent", "there is no such file")]
    [InlineData("folder", "there is no permission for")]
    [InlineData("text", "this file is of another format")]
    [InlineData("short", "it is cut short")]
    [InlineData("other", "this is no model of speech")]
    [InlineData("wide", "weights have 32 bits")]
    [InlineData("words", "its vocabulary is damaged")]
    [InlineData("weights", "its weights are damaged")]
    [InlineData("none", "it holds no weights")]
    public async Task File_that_is_no_model_ends_the_start_with_a_sentence(string kind, string said)
    {
        using TempFolder folder = new();
        string path = folder.Combine("model.bin");
        byte[] model = await File.ReadAllBytesAsync(files.Small, Cancellation);
        byte[]? bytes = kind switch
        {
            "text" => "no model, but some words that are longer than its header would be"u8.ToArray(),
            "short" => model[..^1],
            "other" => With(model, 4, 32_000),
            "wide" => With(model, 44, 0),
            "words" => With(model, WhisperFiles.Words, int.MaxValue),
            "weights" => With(model, WhisperFiles.FirstTensor, 9),
            "none" => model[..WhisperFiles.FirstTensor],
            _ => null,
        };
        if (kind == "folder") Directory.CreateDirectory(path);
        else if (bytes is not null) await File.WriteAllBytesAsync(path, bytes, Cancellation);

        InvalidSettingsException wrong = await Assert.ThrowsAsync<InvalidSettingsException>(() =>
            App.StartAsync(azurite.ConnectionString, Settings(path)));

        Assert.StartsWith($"Transcription__ModelPath: '{path}' is not allowed, expected a model file of whisper.cpp", wrong.Message,
            StringComparison.Ordinal);
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Language_that_the_model_does_not_know_is_refused()
    {
        InvalidSettingsException unknown = await Assert.ThrowsAsync<InvalidSettingsException>(() =>
            App.StartAsync(azurite.ConnectionString, Settings(files.Small, ("Transcription:Language", "tlh"))));
        Assert.Contains("Transcription__Language: 'tlh' is not allowed", unknown.Message, StringComparison.Ordinal);

        using TempFolder folder = new();
        string english = folder.Combine("english.bin");
        await File.WriteAllBytesAsync(english, With(await File.ReadAllBytesAsync(files.Small, Cancellation), 4, 51_864), Cancellation);
        InvalidSettingsException other = await Assert.ThrowsAsync<InvalidSettingsException>(() =>
            App.StartAsync(azurite.ConnectionString, Settings(english, ("Transcription:Language", "de"))));
        Assert.Contains("knows English only", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task System_without_the_native_library_ends_the_start_with_a_sentence()
    {
        using TempFolder folder = new();
        foreach (string file in Directory.EnumerateFiles(LocalProcess.BuildFolder))
            File.Copy(file, folder.Combine(Path.GetFileName(file)));
        await using ChildProcess app = LocalProcess.StartAlone(folder.Path, azurite.ConnectionString, FreePort.Take(1)[0], new()
        {
            ["Transcription__Kind"] = "whisper",
            ["Transcription__ModelPath"] = files.Small,
        });

        Assert.Equal(2, await app.WaitForExitAsync(Patience));
        string said = Assert.Single(app.Lines);
        Assert.StartsWith("Transcription__Kind: 'whisper' is not allowed, expected openai or azure-speech on this system", said,
            StringComparison.Ordinal);
        Assert.Contains("libgomp1", said, StringComparison.Ordinal);
    }

    private static Dictionary<string, string?> Settings(string path, params (string Name, string Value)[] more)
    {
        Dictionary<string, string?> settings = new() { ["Transcription:Kind"] = "whisper", ["Transcription:ModelPath"] = path };
        foreach ((string name, string value) in more) settings[name] = value;
        return settings;
    }

    private static byte[] With(byte[] model, int at, int value)
    {
        byte[] changed = [.. model];
        BitConverter.TryWriteBytes(changed.AsSpan(at), value);
        return changed;
    }

    // A finished recording with one person's talk.
    private static async Task<Session> RecordedAsync(App app, int seed, int seconds)
    {
        Session session = new Session(seed, (5, "Ada", 1)).WithSound(Talk(seconds));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.StartRecordingAsync(session.Started));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Equal(RecordingStatus.Completed, (await app.RecordingAsync(session.Id))!.Status);
        return session;
    }

    private static async Task TranscribeAsync(App app, Session session)
    {
        TranscribeRecording work = app.Get<TranscribeRecording>();
        await work.RunAsync(new TranscribeStretch { RecordingId = session.Id, UserId = 5 }, Cancellation);
    }

    private static Task<List<StretchRow>> RowsAsync(App app, Session session) =>
        app.Get<TranscriptTable>().ReadAsync(session.Id, withText: true, Cancellation);

    private static async Task DemandUntouchedAsync(App app, Session session)
    {
        RecordingDetails details = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(RecordingStatus.Completed, details.Status);
        string name = new BlobUriBuilder(new Uri(Assert.Single(details.Segments!).BlobUrl!)).BlobName;
        Azure.Response<Azure.Storage.Blobs.Models.BlobDownloadResult> stored =
            await app.Storage.Recordings.GetBlobClient(name).DownloadContentAsync(Cancellation);
        Assert.Equal(session.BytesOf(session.Segments[0]), stored.Value.Content.ToArray());
    }

    // Tones that come and go over some noise.
    private static short[] Talk(int seconds)
    {
        Random random = new(5);
        short[] sound = new short[seconds * Second];
        for (int i = 0; i < sound.Length; i++)
        {
            double tone = i / 12_000 % 3 == 0 ? 0 : Math.Sin(i * 0.017 * (1 + (i / Second % 5)));
            sound[i] = (short)((9_000 * tone) + random.Next(-400, 400));
        }
        return sound;
    }
}

/// <summary>Models for a class of tests: one that takes a second for half a minute of sound, and one that takes minutes.</summary>
public sealed class WhisperFiles : IDisposable
{
    private readonly TempFolder folder = new();

    public WhisperFiles()
    {
        (Small, Slow) = (folder.Combine("small.bin"), folder.Combine("slow.bin"));
        File.WriteAllBytes(Small, SeededModel.Of(32));
        File.WriteAllBytes(Slow, SeededModel.Of(256));
    }

    /// <summary>What the native library asks for is there.</summary>
    public static bool CanRun => OperatingSystem.IsLinux() && (Avx2.IsSupported || !Sse2.IsSupported)
        && NativeLibrary.TryLoad("libgomp.so.1", out _);

    /// <summary>Where the vocabulary's count stands, behind sizes and filters.</summary>
    public static int Words => 48 + 8 + (80 * 201 * 4);

    /// <summary>Where the first tensor begins.</summary>
    public static int FirstTensor => SeededModel.FirstTensor;

    public string Small { get; }

    public string Slow { get; }

    public void Dispose() => folder.Dispose();
}
