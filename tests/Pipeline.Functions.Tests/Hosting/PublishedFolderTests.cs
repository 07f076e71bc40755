using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Hosting;

/// <summary>The published folder, started from a clean place exactly as the Functions host starts it.</summary>
public sealed class PublishedFolderTests : IClassFixture<PublishedFolder>
{
    private static readonly string[] Functions = ["FinalizeRecording", "GuildSettingsApi", "HealthApi", "MoveSegment", "OpenApiDocument", "RecordingsApi", "StartRecording", "SweepRecordings"];

    private readonly AzuriteFixture azurite;
    private readonly PublishedFolder published;

    public PublishedFolderTests(AzuriteFixture azurite, PublishedFolder published)
    {
        Assert.SkipUnless(PublishedFolder.CanRun, "the package is for linux-x64");
        (this.azurite, this.published) = (azurite, published);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Folder_holds_what_the_host_needs_and_nothing_else()
    {
        string[] needed = [.. Functions, "Pipeline.Functions", "host.json"];
        Assert.Equal(needed.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(published.Path).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal));
        Assert.All(Functions, function => Assert.Equal(["function.json"], Directory.GetFileSystemEntries(Path.Combine(published.Path, function)).Select(entry => Path.GetFileName(entry))));
        using JsonDocument host = JsonDocument.Parse(File.ReadAllText(Path.Combine(published.Path, "host.json")));
        Assert.Equal("Pipeline.Functions", host.RootElement.GetProperty("customHandler").GetProperty("description").GetProperty("defaultExecutablePath").GetString());
        if (!OperatingSystem.IsWindows()) Assert.True(File.GetUnixFileMode(Path.Combine(published.Path, "Pipeline.Functions")).HasFlag(UnixFileMode.UserExecute | UnixFileMode.OtherExecute));
        Assert.Equal("none", host.RootElement.GetProperty("extensions").GetProperty("queues").GetProperty("messageEncoding").GetString());
    }

    [Fact]
    public void Zip_holds_the_same_and_the_program_can_be_executed()
    {
        using ZipArchive zip = ZipFile.OpenRead(published.Zip);
        string[] files = [.. Directory.GetFiles(published.Path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(published.Path, file))];
        Assert.Equal(files.Order(StringComparer.Ordinal), zip.Entries.Select(entry => entry.FullName).Where(name => !name.EndsWith('/')).Order(StringComparer.Ordinal));
        ZipArchiveEntry program = zip.GetEntry("Pipeline.Functions")!;
        Assert.Equal(new FileInfo(Path.Combine(published.Path, "Pipeline.Functions")).Length, program.Length);
        Assert.True(((UnixFileMode)((program.ExternalAttributes >> 16) & 0x1FF)).HasFlag(UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute));
    }

    [Theory]
    [InlineData("StartRecording", StorageNames.RecordingStartedQueue)]
    [InlineData("MoveSegment", StorageNames.SegmentReadyQueue)]
    [InlineData("FinalizeRecording", StorageNames.RecordingStoppedQueue)]
    public void Queue_function_is_bound_to_the_contract_s_queue(string function, string queue)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(Path.Combine(published.Path, function, "function.json")));
        JsonElement binding = file.RootElement.GetProperty("bindings")[0];
        Assert.Equal(("queueTrigger", queue, "PipelineStorage"), (binding.GetProperty("type").GetString(), binding.GetProperty("queueName").GetString(), binding.GetProperty("connection").GetString()));
    }

    [Fact]
    public async Task Handler_serves_the_host_s_envelopes_and_survives_its_kill()
    {
        Session session = new(600, (5, "Ada äöü \"q\" <b>", 3));
        await using (App storage = await App.StartAsync(azurite.ConnectionString))
        {
            await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
            await session.PutAllAsync(storage.Storage);
        }
        using (HttpClient http = NextPort(out int port))
        await using (ChildProcess first = HandlerProcess.StartAsHandler(published.Path, azurite.ConnectionString, port))
        {
            await HandlerProcess.ReadyAsync(http, first);
            Assert.Equal(HttpStatusCode.OK, await PostAsync(http, "StartRecording", JsonSerializer.Serialize(session.Started, ContractsJsonContext.Default.RecordingStarted)));
            Assert.Equal(HttpStatusCode.OK, await PostAsync(http, "MoveSegment", Serialize(session.Segments[0])));
            Task inFlight = PostAsync(http, "MoveSegment", Serialize(session.Segments[1]));
            first.Kill();
            Assert.Equal(137, await first.WaitForExitAsync(TimeSpan.FromSeconds(60)));
            await inFlight.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext); // answered or cut off, as it came
        }
        using HttpClient again = NextPort(out int otherPort);
        await using ChildProcess second = HandlerProcess.StartAsHandler(published.Path, azurite.ConnectionString, otherPort);
        await HandlerProcess.ReadyAsync(again, second);
        foreach (SegmentReady segment in session.Segments) Assert.Equal(HttpStatusCode.OK, await PostAsync(again, "MoveSegment", Serialize(segment)));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(again, "FinalizeRecording", JsonSerializer.Serialize(session.Stopped, ContractsJsonContext.Default.RecordingStopped)));

        using JsonDocument recording = JsonDocument.Parse(await again.GetStringAsync(new Uri($"api/recordings/{session.Id}", UriKind.Relative), Cancellation));
        Assert.Equal(("completed", 3), (recording.RootElement.GetProperty("status").GetString(), recording.RootElement.GetProperty("segmentCount").GetInt32()));
    }

    /// <summary>204, an empty body or <c>null</c> would hang the host until it kills the handler and everything that runs beside.</summary>
    [Fact]
    public async Task Every_trigger_is_answered_with_a_json_object_whatever_it_brings()
    {
        using HttpClient http = NextPort(out int port);
        await using ChildProcess handler = HandlerProcess.StartAsHandler(published.Path, azurite.ConnectionString, port);
        await HandlerProcess.ReadyAsync(http, handler);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(http, "SweepRecordings", HostEnvelope.Timer("SweepRecordings")));
        foreach (string function in new[] { "StartRecording", "MoveSegment", "FinalizeRecording" })
        {
            Assert.Equal(HttpStatusCode.InternalServerError, await PostAsync(http, function, "plain text"));
            Assert.Equal(HttpStatusCode.InternalServerError, await PostAsync(http, function, "null"));
            Assert.Equal(HttpStatusCode.InternalServerError, await PostAsync(http, function, """{"Id":"not one of ours","dequeueCount":7}"""));
            Assert.Equal(HttpStatusCode.InternalServerError, await SendAsync(http, function, "null"));
            Assert.Equal(HttpStatusCode.InternalServerError, await SendAsync(http, function, ""));
        }
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("api/health", UriKind.Relative), Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Handler_that_is_asked_to_end_says_start_me_again()
    {
        using HttpClient http = NextPort(out int port);
        await using ChildProcess handler = HandlerProcess.StartAsHandler(published.Path, azurite.ConnectionString, port);
        await HandlerProcess.ReadyAsync(http, handler);

        await handler.SignalAsync(15);

        Assert.Equal(200, await handler.WaitForExitAsync(TimeSpan.FromSeconds(60)));
    }

    [Theory]
    [InlineData("RECORDING_ABANDON_AFTER", "soon", "RECORDING_ABANDON_AFTER is 'soon'", 78)]
    [InlineData("PipelineStorage", "", "PipelineStorage__blobServiceUri is not set", 78)]
    [InlineData("PipelineStorage", "nonsense", "PipelineStorage", 78)]
    public async Task Wrong_setting_ends_the_start_in_one_clear_line(string name, string value, string said, int code)
    {
        await using ChildProcess app = HandlerProcess.StartAlone(published.Path, azurite.ConnectionString, FreePort.Take(1)[0], new() { [name] = value });

        Assert.Equal(code, await app.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        string line = Assert.Single(app.Lines);
        Assert.Contains(said, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Taken_port_ends_the_start_in_one_clear_line()
    {
        using System.Net.Sockets.TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using ChildProcess app = HandlerProcess.StartAlone(published.Path, azurite.ConnectionString, port);

        Assert.Equal(69, await app.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains(app.Lines, line => line.Contains($"127.0.0.1:{port}", StringComparison.Ordinal) && line.Contains("--urls", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Door_open_to_the_network_needs_a_key()
    {
        await using ChildProcess app = HandlerProcess.StartAlone(published.Path, azurite.ConnectionString, "http://0.0.0.0:0");

        Assert.Equal(78, await app.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("Functions__Key is not set", Assert.Single(app.Lines), StringComparison.Ordinal);
    }

    private static string Serialize(SegmentReady segment) => JsonSerializer.Serialize(segment, ContractsJsonContext.Default.SegmentReady);

    /// <summary>A host takes another port each time.</summary>
    private static HttpClient NextPort(out int port)
    {
        port = FreePort.Take(1)[0];
        return new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(5) };
    }

    private static Task<HttpStatusCode> PostAsync(HttpClient http, string function, string text) => SendAsync(http, function, HostEnvelope.Queue(function, text));

    private static async Task<HttpStatusCode> SendAsync(HttpClient http, string function, string body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, function) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true; // the host sends no Content-Length
        request.Headers.Add("X-Azure-Functions-InvocationId", "b16d58ce-4cfd-4f91-b667-cdf684122750");
        request.Headers.TryAddWithoutValidation("User-Agent", "Azure-Functions-Host/4.1037.0.0");
        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        Assert.EndsWith("json", response.Content.Headers.ContentType?.MediaType, StringComparison.Ordinal);
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(JsonValueKind.Object, answer.RootElement.ValueKind);
        return response.StatusCode;
    }
}
