using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.Storage;
using Pipeline.TestKit;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Pipeline.RecordingApi.Tests.Rig;

/// <summary>The recording API in this process on a free port; rendering runs when a test drains its queue.</summary>
internal sealed class RenderStage : IAsyncDisposable
{
    /// <summary>Between two looks for a message that is hidden: each look costs the emulator some milliseconds.</summary>
    public static readonly TimeSpan HiddenPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly WebApplication app;
    private readonly HttpClient http;

    private RenderStage(WebApplication app)
    {
        this.app = app;
        Uri address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        http = new HttpClient(new DocumentedAnswers(address)) { BaseAddress = address };
    }

    public StorageClients Storage => Get<StorageClients>();

    public T Get<T>() where T : notnull => app.Services.GetRequiredService<T>();

    public static Task<RenderStage> StartAsync(AzuriteFixture azurite, RenderOptions? options = null, TimeProvider? time = null) =>
        StartAsync(ClassStorage.Of(azurite), options, time);

    /// <param name="transport">How the storage is reached; null: as always.</param>
    public static async Task<RenderStage> StartAsync(string storage, RenderOptions? options = null, TimeProvider? time = null,
        HttpPipelineTransport? transport = null, TranscriptionOptions? transcription = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        StorageOptions account = new() { ConnectionString = storage };
        if (time is not null) builder.Services.AddSingleton(time);
        if (transport is not null) builder.Services.AddSingleton(new StorageClients(account, null!, transport));
        builder.Services.AddPipelineStorage(account);
        builder.Services.AddRecordingApi(new ApiOptions
        {
            LiveLimit = TimeSpan.FromHours(24),
            Render = options ?? new RenderOptions(),
            Transcription = transcription ?? new TranscriptionOptions(),
        });
        WebApplication app = builder.Build();
        app.UseRecordingApi();
        app.MapRecordingApi();
        await app.StartAsync();
        await app.Services.GetRequiredService<StorageSetup>().EnsureAsync(CancellationToken.None);
        return new RenderStage(app);
    }

    /// <param name="startedAt">A moment of its own; null for that of all others.</param>
    public async Task<Recorded> BeginAsync(DateTimeOffset? startedAt = null)
    {
        RecordingId id = RecordingId.New(TimeProvider.System);
        Recorded recorded = startedAt is { } moment ? new Recorded(id) { StartedAt = moment } : new Recorded(id);
        string body = $$"""{"sessionId":"{{recorded.Id}}","guildId":"1","guildName":"Tisch","channelId":"2","userId":"3","recordedAt":"{{recorded.StartedAt:O}}","title":"Abend"}""";
        using HttpResponseMessage answer = await http.PostAsync(new Uri("api/recordings/init-live", UriKind.Relative),
            new StringContent(body, null, "application/json"), TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return recorded;
    }

    /// <summary>Puts one segment's file where the pipeline would have moved it.</summary>
    public async Task AddAsync(Recorded recorded, ulong userId, string username, long start, short[] pcm, int channels)
    {
        byte[] file = new byte[WavFormat.HeaderSize + (pcm.Length * 2)];
        new WavFormat(channels, 48_000).WriteHeader(file, pcm.Length * 2L);
        MemoryMarshal.AsBytes(pcm.AsSpan()).CopyTo(file.AsSpan(WavFormat.HeaderSize));
        await AddAsync(recorded, userId, username, start, pcm, channels, file, SegmentFormat.Wav);
    }

    /// <param name="pcm">What the file holds when it is decoded.</param>
    public async Task AddAsync(Recorded recorded, ulong userId, string username, long start, short[] pcm, int channels, byte[] file,
        SegmentFormat format)
    {
        int index = recorded.Segments.Count(segment => segment.UserId == $"{userId}");
        string fileName = BlobPaths.SegmentFileName(index, format);
        string name = $"{recorded.Id}/{BlobPaths.UserFolder(userId, username)}/{fileName}";
        Azure.Storage.Blobs.BlobClient blob = Storage.Recordings.GetBlobClient(name);
        await blob.UploadAsync(new BinaryData(file), overwrite: true, TestContext.Current.CancellationToken);
        long samples = pcm.Length / channels, began = recorded.StartedAt.ToUnixTimeMilliseconds();
        recorded.Segments.Add(new FinalizeSegment
        {
            UserId = $"{userId}",
            Username = username,
            SegmentIndex = index,
            FileName = fileName,
            FilePath = $"{userId}/{fileName}",
            AbsoluteStartTime = began + (start / 48),
            AbsoluteEndTime = began + ((start + samples) / 48),
            Duration = samples / 48,
            FileSize = file.Length,
            Format = format.Word(),
            BlobUrl = blob.Uri.AbsoluteUri,
            StartSample = start,
            SampleCount = samples,
            Channels = channels,
        });
        recorded.End = Math.Max(recorded.End, start + samples);
        recorded.Put(userId, channels, start, pcm);
    }

    /// <summary>Puts other bytes in a segment's place; none: it goes.</summary>
    public async Task SpoilAsync(Recorded recorded, int segment, byte[] bytes)
    {
        Azure.Storage.Blobs.BlobClient blob = Storage.Recordings.GetBlobClient(
            new Azure.Storage.Blobs.BlobUriBuilder(new Uri(recorded.Segments[segment].BlobUrl!)).BlobName);
        if (bytes.Length == 0) await blob.DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);
        else await blob.UploadAsync(new BinaryData(bytes), overwrite: true, TestContext.Current.CancellationToken);
    }

    /// <summary>Finalizes with all segments so far; again with more of them it amends.</summary>
    /// <param name="channels">Where it went on after moves.</param>
    public async Task FinalizeAsync(Recorded recorded, bool amends = false, IReadOnlyList<RecordingNote>? notes = null,
        IReadOnlyList<string>? channels = null)
    {
        using HttpResponseMessage answer = await EndAsync(recorded, amends, notes, channels);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The same, whatever the answer.</summary>
    public async Task<HttpResponseMessage> EndAsync(Recorded recorded, bool amends = false, IReadOnlyList<RecordingNote>? notes = null,
        IReadOnlyList<string>? channels = null)
    {
        FinalizeRequest request = new()
        {
            SessionEndTime = recorded.StartedAt.ToUnixTimeMilliseconds() + (recorded.End / 48),
            Duration = recorded.End / 48,
            TotalSize = recorded.Segments.Sum(segment => segment.FileSize!.Value),
            ParticipantCount = recorded.Segments.Select(segment => segment.UserId).Distinct().Count(),
            Segments = [.. recorded.Segments],
            Notes = notes ?? [],
            FurtherChannelIds = channels,
            EndReason = "stopped",
            Amends = amends ? true : null,
        };
        ByteArrayContent body = new(
            JsonSerializer.SerializeToUtf8Bytes(request,
            WireJsonContext.Default.FinalizeRequest))
        { Headers = { { "content-type", "application/json" } } };
        return await http.PostAsync(new Uri($"api/recordings/{recorded.Id}/finalize", UriKind.Relative), body,
            TestContext.Current.CancellationToken);
    }

    /// <summary>Renders until nothing of the recording is left to do.</summary>
    public async Task RenderAsync(Recorded recorded, string? file = null)
    {
        RenderRecording render = Get<RenderRecording>();
        await TakeMessagesAsync(recorded.Id);
        await render.RunAsync(new RenderWindow { RecordingId = recorded.Id, File = file }, TestContext.Current.CancellationToken);
        await DrainAsync(recorded);
    }

    /// <summary>Does what the messages of the recording say until there is none.</summary>
    public async Task DrainAsync(Recorded recorded)
    {
        RenderRecording render = Get<RenderRecording>();
        for (int turn = 0; turn < 200; turn++)
        {
            List<RenderWindow> messages = await TakeMessagesAsync(recorded.Id);
            if (messages.Count == 0) return;
            foreach (RenderWindow message in messages) await render.RunAsync(message, TestContext.Current.CancellationToken);
        }
        Assert.Fail("rendering does not come to an end");
    }

    /// <summary>Messages of one recording; those of other tests' recordings stay.</summary>
    public async Task<List<RenderWindow>> TakeMessagesAsync(RecordingId recording)
    {
        QueueClient queue = Storage.Queues.GetQueueClient(StorageNames.RenderWindowQueue);
        List<RenderWindow> found = [];
        QueueMessage[] received = await queue.ReceiveMessagesAsync(32, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        foreach (QueueMessage message in received)
        {
            RenderWindow read = JsonSerializer.Deserialize(message.MessageText, ContractsJsonContext.Default.RenderWindow)!;
            if (read.RecordingId != recording) continue;
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, TestContext.Current.CancellationToken);
            found.Add(read);
        }
        return found;
    }

    /// <summary>Deletes everything that was made of a recording, and nothing else.</summary>
    public async Task ForgetRendersAsync(Recorded recorded)
    {
        LoopLimit limit = new("every render is erased");
        while (await Get<RenderRecording>().EraseSomeAsync(recorded.Id, 3, TestContext.Current.CancellationToken) > 0) limit.Turn();
    }

    /// <summary>Every file that is there, by name.</summary>
    public async Task<Dictionary<string, byte[]>> DownloadAllAsync(Recorded recorded)
    {
        Dictionary<string, byte[]> files = [];
        foreach (RecordingFile file in (await FilesAsync(recorded)).Where(file => file.State == "ready"))
            files[file.Name] = await DownloadAsync(recorded, file.Name);
        return files;
    }

    /// <summary>What lies in the storage of a recording's files, blocks that wait among them.</summary>
    public async Task<List<string>> NamesAsync(RecordingId recording)
    {
        GetBlobsOptions below = new() { Prefix = $"{recording}/", States = BlobStates.Uncommitted };
        List<string> names = [];
        await foreach (BlobItem item in Storage.Blobs.GetBlobContainerClient(StorageNames.RendersContainer)
            .GetBlobsAsync(below, TestContext.Current.CancellationToken)) names.Add(item.Name);
        return names;
    }

    public async Task<IReadOnlyList<RecordingFile>> FilesAsync(Recorded recorded)
    {
        byte[] json = await http.GetByteArrayAsync(new Uri($"api/recordings/{recorded.Id}/files", UriKind.Relative),
            TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize(json, WireJsonContext.Default.RecordingFiles)!.Files;
    }

    public Task<HttpResponseMessage> GetAsync(string path) =>
        http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public async Task<HttpResponseMessage> PostAsync(string path, string json)
    {
        using StringContent body = new(json, null, "application/json");
        return await http.PostAsync(new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative));
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Gives the recording another title, or keeps it.</summary>
    public async Task PatchAsync(Recorded recorded, string json)
    {
        using StringContent body = new(json, null, "application/json");
        using HttpResponseMessage answer = await http.PatchAsync(new Uri($"api/recordings/{recorded.Id}", UriKind.Relative), body,
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    public Task<HttpResponseMessage> DeleteAsync(string path) =>
        http.DeleteAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>Follows the redirect; a file that is made on request is asked for and made first.</summary>
    /// <param name="query">Of a stretch: <c>?from=1&amp;to=2.5</c>.</param>
    public async Task<byte[]> DownloadAsync(Recorded recorded, string name, string query = "")
    {
        string path = $"api/recordings/{recorded.Id}/files/{Uri.EscapeDataString(name)}{query}";
        HttpResponseMessage answer = await GetAsync(path);
        if (answer.StatusCode == HttpStatusCode.Accepted)
        {
            Assert.True(answer.Headers.RetryAfter is not null);
            using CancellationTokenSource patience = new(Soon + Soon + Soon);
            do
            {
                List<RenderWindow> messages = await TakeMessagesAsync(recorded.Id);
                foreach (RenderWindow message in messages) await Get<RenderRecording>().RunAsync(message, patience.Token);
                // What is left is hidden for a while.
                if (messages.Count == 0) await Task.Delay(HiddenPause, patience.Token);
                answer.Dispose();
                answer = await GetAsync(path);
                patience.Token.ThrowIfCancellationRequested();
            }
            while (answer.StatusCode == HttpStatusCode.Accepted);
        }
        using (answer)
        {
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            using HttpResponseMessage bytes = await http.GetAsync(answer.Headers.Location, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, bytes.StatusCode);
            if (query.Length == 0) Assert.Equal(name, bytes.Content.Headers.ContentDisposition!.FileNameStar);
            return await bytes.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
