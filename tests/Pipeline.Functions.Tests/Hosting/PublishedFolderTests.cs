using System.Net;
using System.Text;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Functions.Storage;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Hosting;

/// <summary>The published folder, started from a clean place exactly as the Functions host starts it.</summary>
public sealed class PublishedFolderTests(AzuriteFixture azurite, PublishedFolderTests.PublishedFolder published) : IClassFixture<PublishedFolderTests.PublishedFolder>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Folder_holds_what_the_host_reads()
    {
        string[] functions = [.. Directory.GetDirectories(published.Path).Where(folder => File.Exists(Path.Combine(folder, "function.json"))).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)!];
        Assert.Equal(["FinalizeRecording", "GuildSettingsApi", "HealthApi", "MoveSegment", "OpenApiDocument", "RecordingsApi", "StartRecording", "SweepRecordings"], functions);
        using JsonDocument host = JsonDocument.Parse(File.ReadAllText(Path.Combine(published.Path, "host.json")));
        string executable = host.RootElement.GetProperty("customHandler").GetProperty("description").GetProperty("defaultExecutablePath").GetString()!;
        Assert.True(File.Exists(Path.Combine(published.Path, executable)));
        if (!OperatingSystem.IsWindows()) Assert.True(File.GetUnixFileMode(Path.Combine(published.Path, executable)).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal("none", host.RootElement.GetProperty("extensions").GetProperty("queues").GetProperty("messageEncoding").GetString());
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
    public async Task Handler_serves_envelopes_and_requests_and_survives_the_host_s_kill()
    {
        Session session = new(600, (5, "Ada", 2));
        int port = FreePort.Take(1)[0];
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await using (ChildProcess first = HandlerProcess.StartAsHandler(published.Path, azurite.ConnectionString, port))
        {
            await HandlerProcess.ReadyAsync(http, first);
            await using App storage = await App.StartAsync(azurite.ConnectionString);
            await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
            await session.PutAllAsync(storage.Storage);
            Assert.Equal(HttpStatusCode.OK, await PostAsync(http, "MoveSegment", Serialize(session.Segments[0])));
            first.Kill();
        }
        await using ChildProcess second = HandlerProcess.StartAsHandler(published.Path, azurite.ConnectionString, port);
        await HandlerProcess.ReadyAsync(http, second);
        Assert.Equal(HttpStatusCode.OK, await PostAsync(http, "MoveSegment", Serialize(session.Segments[0])));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(http, "MoveSegment", Serialize(session.Segments[1])));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(http, "FinalizeRecording", JsonSerializer.Serialize(session.Stopped, ContractsJsonContext.Default.RecordingStopped)));
        Assert.Equal(HttpStatusCode.InternalServerError, await PostAsync(http, "MoveSegment", "plain text"));

        using JsonDocument recording = JsonDocument.Parse(await http.GetStringAsync(new Uri($"api/recordings/{session.Id}", UriKind.Relative), Cancellation));
        Assert.Equal(("completed", 2), (recording.RootElement.GetProperty("status").GetString(), recording.RootElement.GetProperty("segmentCount").GetInt32()));
    }

    [Fact]
    public async Task Handler_that_is_asked_to_end_says_start_me_again()
    {
        int port = FreePort.Take(1)[0];
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
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
        await using ChildProcess app = ChildProcess.Start(
            "dotnet", [Path.Combine(published.Path, "Pipeline.Functions.dll"), "--urls", "http://0.0.0.0:0"], new Dictionary<string, string?> { ["PipelineStorage"] = azurite.ConnectionString });

        Assert.Equal(78, await app.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("Functions__Key is not set", Assert.Single(app.Lines), StringComparison.Ordinal);
    }

    private static string Serialize(SegmentReady segment) => JsonSerializer.Serialize(segment, ContractsJsonContext.Default.SegmentReady);

    private static async Task<HttpStatusCode> PostAsync(HttpClient http, string function, string text)
    {
        string doubled = JsonSerializer.Serialize(JsonSerializer.Serialize(text));
        using HttpRequestMessage request = new(HttpMethod.Post, function) { Content = new StringContent("{\"Data\":{\"item\":" + doubled + "},\"Metadata\":{\"DequeueCount\":\"1\"}}", Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Add("X-Azure-Functions-InvocationId", "b16d58ce-4cfd-4f91-b667-cdf684122750");
        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        using JsonDocument body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(JsonValueKind.Object, body.RootElement.ValueKind);
        return response.StatusCode;
    }

    /// <summary>One publish for all tests of the class, of what is built already.</summary>
    public sealed class PublishedFolder : IAsyncLifetime
    {
        private readonly TempFolder folder = new();

        public string Path => folder.Path;

        public async ValueTask InitializeAsync()
        {
            await using ChildProcess publish = ChildProcess.Start(
                "dotnet", ["publish", RepositoryRoot.Combine("functions", "Pipeline.Functions"), "-c", "Release", "--no-build", "-o", folder.Path, "-v", "q", "--nologo"]);
            Assert.True(await publish.WaitForExitAsync(TimeSpan.FromMinutes(5)) == 0, string.Join('\n', publish.Lines));
        }

        public ValueTask DisposeAsync()
        {
            folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
