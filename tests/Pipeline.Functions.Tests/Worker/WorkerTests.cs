using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Functions.Tests.Worker.Stream;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Worker;

/// <summary>The published worker, started from a clean folder by a stand-in of the Functions host.</summary>
public sealed partial class WorkerTests : IClassFixture<PublishedWorker>, IAsyncLifetime
{
    private const string Function = "RecordingsApi";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly HttpClient Http = new() { Timeout = Patience };
    private readonly AzuriteFixture azurite;
    private readonly PublishedWorker published;
    private HostStandIn host = null!;
    private App storage = null!;

    public WorkerTests(AzuriteFixture azurite, PublishedWorker published)
    {
        Assert.SkipUnless(PublishedWorker.CanRun, "the package is for linux-x64");
        (this.azurite, this.published) = (azurite, published);
    }

    // An account of its own: the sweep of another test's app would adopt the segments that lie here on purpose.
    private string Connection => azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(31));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await HostStandIn.StartAsync();
        storage = await App.StartAsync(Connection);
        await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Every_function_is_loaded_and_a_session_goes_through_them_twice()
    {
        await using ChildProcess worker = Start();
        Session session = new(600, (5, "Ada äöü \"q\" <b>", 3));
        await session.PutAllAsync(storage.Storage);
        string[] known = [.. FunctionTable.Queues.Keys, .. FunctionTable.Timers.Keys, "ErasuresApi", "EventsApi", "GuildSettingsApi",
            "HealthApi", "WebhooksApi", "OpenApiDocument", "RecordingPage", Function];
        Assert.Equal(known.Order(), (await LoadedAsync(worker)).Select(function => function.Name).Order());

        for (int round = 0; round < 2; round++)
        {
            await SucceedsAsync(
                host.QueueAsync(FunctionNames.StartRecording,
                JsonSerializer.Serialize(session.Started, ContractsJsonContext.Default.RecordingStarted)));
            foreach (SegmentReady segment in session.Segments)
                await SucceedsAsync(host.QueueAsync(FunctionNames.MoveSegment, Text(segment)));
            await SucceedsAsync(
                host.QueueAsync(FunctionNames.FinalizeRecording,
                JsonSerializer.Serialize(session.Stopped, ContractsJsonContext.Default.RecordingStopped)));
            await SucceedsAsync(host.TimerAsync(FunctionNames.SweepRecordings));
        }

        using HttpResponseMessage answer = await host.HttpAsync(Http, Function, HttpMethod.Get, $"/api/recordings/{session.Id}",
            route: new Dictionary<string, string> { ["path"] = session.Id.ToString() });
        using JsonDocument recording = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(("completed", 3),
            (recording.RootElement.GetProperty("status").GetString(), recording.RootElement.GetProperty("segmentCount").GetInt32()));
        Assert.Empty(await session.LeftInTempAsync(storage.Storage));
    }

    [Fact]
    public async Task Bad_messages_fail_and_the_worker_goes_on()
    {
        await using ChildProcess worker = Start();
        await LoadedAsync(worker);
        foreach (string function in FunctionTable.Queues.Keys)
        {
            foreach (string text in new[] { "plain text", "null", "", "{", """{"Id":"not one of ours","dequeueCount":7}""" })
            {
                Assert.Equal(StatusResult.Types.Status.Failure, (await host.QueueAsync(function, text)).Result.Status);
            }
        }
        Assert.Contains(worker.Lines, line => line.Contains("[5032]", StringComparison.Ordinal));
        await SucceedsAsync(host.TimerAsync(FunctionNames.SweepRecordings));
    }

    [Fact]
    public async Task Killed_worker_loses_nothing_and_the_next_one_ends_its_work()
    {
        Session session = new(601, (5, "Ada", 3));
        await session.PutAllAsync(storage.Storage);
        await using (ChildProcess first = Start())
        {
            await LoadedAsync(first);
            await SucceedsAsync(host.QueueAsync(FunctionNames.MoveSegment, Text(session.Segments[0])));
            Task inFlight = host.QueueAsync(FunctionNames.MoveSegment, Text(session.Segments[1]));
            first.Kill();
            Assert.Equal(137, await first.WaitForExitAsync(Patience));
            host.Forget();
            await Task.WhenAny(inFlight); // answered or cut off, as it came
        }
        await using ChildProcess second = Start();
        await LoadedAsync(second);
        foreach (SegmentReady segment in session.Segments) await SucceedsAsync(host.QueueAsync(FunctionNames.MoveSegment, Text(segment)));
        await SucceedsAsync(
            host.QueueAsync(FunctionNames.FinalizeRecording,
            JsonSerializer.Serialize(session.Stopped, ContractsJsonContext.Default.RecordingStopped)));

        Contracts.Api.RecordingDetails recording = (await storage.RecordingAsync(session.Id))!;
        Assert.Equal((3, 0), (recording.SegmentCount, recording.MissingSegmentCount));
    }

    [Fact]
    public async Task Message_s_trace_goes_on_into_the_move_whatever_the_host_s_own_trace_is()
    {
        await using OtlpSink sink = await OtlpSink.StartAsync();
        await using ChildProcess worker = Start(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.Address.AbsoluteUri,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
                ["WEBSITE_SITE_NAME"] = "func-pipeline-7"
            });
        await LoadedAsync(worker);
        Session session = new(602, (5, "Ada", 1));
        await session.PutAllAsync(storage.Storage);

        await SucceedsAsync(
            host.QueueAsync(FunctionNames.MoveSegment,
            Text(session.Segments[0] with { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" })));

        // The span as it goes over the wire holds the 16 bytes of the trace and the 8 of its parent.
        await sink.UntilAsync(body =>
            Holds(body, "0af7651916cd43dd8448eb211c80319c") && Holds(body, "b7ad6b7169203331")
            && Encoding.UTF8.GetString(body).Contains(FunctionNames.MoveSegment, StringComparison.Ordinal)
            && ServiceName().IsMatch(Encoding.Latin1.GetString(body)), Patience);
        Assert.NotNull(await storage.Get<LedgerTable>().FindSegmentAsync(session.Segments[0].Key, Cancellation));
    }

    [Fact]
    public async Task Requests_reach_the_api_s_routes_with_body_and_faults()
    {
        await using ChildProcess worker = Start();
        await LoadedAsync(worker);
        using HttpResponseMessage health = await host.HttpAsync(Http, "HealthApi", HttpMethod.Get, "/api/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);

        using HttpResponseMessage unknown = await host.HttpAsync(Http, Function, HttpMethod.Get,
            $"/api/recordings/{RecordingId.New(TimeProvider.System)}");
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"),
            (unknown.StatusCode, unknown.Content.Headers.ContentType?.MediaType));
        Assert.Contains("No such recording", await unknown.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);

        using StringContent settings = new("""{"announceMode":"voice","optedOutUserIds":["5"]}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage put = await host.HttpAsync(Http, "GuildSettingsApi", HttpMethod.Put, "/api/guilds/778/settings", settings,
            new Dictionary<string, string> { ["guildId"] = "778" });
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        using HttpResponseMessage got = await host.HttpAsync(Http, "GuildSettingsApi", HttpMethod.Get, "/api/guilds/778/settings",
            route: new Dictionary<string, string> { ["guildId"] = "778" });
        Assert.Contains("\"announceMode\":\"voice\"", await got.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);

        string fullList = $$"""{"sessionEndTime":1,"duration":1,"totalSize":1,"participantCount":1,"segments":[],"padding":"{{new string('x', 15 * 1024 * 1024)}}"}""";
        using StringContent large = new(fullList, Encoding.UTF8, "application/json");
        using HttpResponseMessage taken = await host.HttpAsync(Http, Function, HttpMethod.Post,
            $"/api/recordings/{RecordingId.New(TimeProvider.System)}/finalize", large);
        Assert.Equal(HttpStatusCode.NotFound, taken.StatusCode);
        using StringContent tooLarge = new(fullList.Replace("\"}", new string('x', 2 * 1024 * 1024) + "\"}", StringComparison.Ordinal),
            Encoding.UTF8, "application/json");
        using HttpResponseMessage refused = await host.HttpAsync(Http, Function, HttpMethod.Post,
            $"/api/recordings/{RecordingId.New(TimeProvider.System)}/finalize", tooLarge);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);

        using HttpResponseMessage document = await host.HttpAsync(Http, "OpenApiDocument", HttpMethod.Get, "/api/openapi.json");
        using JsonDocument own = JsonDocument.Parse(await document.Content.ReadAsStringAsync(Cancellation));
        using JsonDocument local = JsonDocument.Parse(
            await storage.Http.GetStringAsync(new Uri("api/openapi.json", UriKind.Relative), Cancellation));
        Assert.Equal(Paths(local), Paths(own));
    }

    [Fact]
    public async Task Page_and_its_files_are_served_and_a_link_opens_its_recording()
    {
        await using ChildProcess worker = Start(new() { ["PUBLIC_BASE_URL"] = "https://rec.example.org" });
        await LoadedAsync(worker);
        Session session = new(604, (5, "Ada", 1));
        await SucceedsAsync(host.QueueAsync(FunctionNames.StartRecording,
            JsonSerializer.Serialize(session.Started, ContractsJsonContext.Default.RecordingStarted)));
        string page = $"/r/{session.Id}";

        string html = await TextAsync(HttpMethod.Get, page, "text/html");
        string[] files = [.. PageFile().Matches(html).Select(match => match.Value).Distinct()];
        Assert.Contains(files, file => file.EndsWith("/main.js", StringComparison.Ordinal));
        foreach (string file in files)
        {
            string type = file.EndsWith(".css", StringComparison.Ordinal) ? "text/css" : "text/javascript";
            Assert.NotEmpty(await TextAsync(HttpMethod.Get, $"/r/{file}", type));
        }

        using StringContent scopes = new("{\"scopes\":[\"listen\"]}", Encoding.UTF8, "application/json");
        using HttpResponseMessage made = await host.HttpAsync(Http, Function, HttpMethod.Post, $"/api/recordings/{session.Id}/shares",
            scopes);
        ShareDetails link = JsonSerializer.Deserialize(await made.Content.ReadAsStringAsync(Cancellation),
            WireJsonContext.Default.ShareDetails)!;
        Assert.StartsWith($"https://rec.example.org{page}#k=", link.Url, StringComparison.Ordinal);
        using StringContent key = new($"{{\"key\":\"{Visitor.SecretOf(link)}\"}}", Encoding.UTF8, "application/json");
        using HttpResponseMessage opened = await host.HttpAsync(Http, "RecordingPage", HttpMethod.Post, $"{page}/api/session", key);
        Assert.Equal(HttpStatusCode.NoContent, opened.StatusCode);
        Assert.Contains($"path={page}", Assert.Single(opened.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
        using HttpResponseMessage shown = await host.HttpAsync(Http, "RecordingPage", HttpMethod.Get, $"{page}/api");
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        using HttpClient stranger = new(new SocketsHttpHandler { UseCookies = false }) { Timeout = Patience };
        using HttpResponseMessage closed = await host.HttpAsync(stranger, "RecordingPage", HttpMethod.Get, $"{page}/api");
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);

        async Task<string> TextAsync(HttpMethod method, string path, string type)
        {
            using HttpResponseMessage answer = await host.HttpAsync(Http, "RecordingPage", method, path);
            Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            return await answer.Content.ReadAsStringAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Cancelled_invocation_is_answered_and_its_message_can_come_again()
    {
        await using ChildProcess worker = Start(new() { ["RecordingApi__BaseUrl"] = "http://127.0.0.1:9", ["RecordingApi__ApiKey"] = "k" });
        await LoadedAsync(worker);
        Session session = new(607, (5, "Ada", 1));
        await session.PutAllAsync(storage.Storage);
        string id = Guid.NewGuid().ToString();
        Task<InvocationResponse> move = host.QueueAsync(FunctionNames.MoveSegment, Text(session.Segments[0]), id);
        await host.CancelAsync(id);

        // Put back during the outage, or cut off: either way it is answered, and nothing is lost.
        await move;
        Assert.NotEmpty(await session.LeftInTempAsync(storage.Storage));
    }

    [Fact]
    public async Task Worker_ends_with_0_only_when_the_host_asks_it_to()
    {
        await using (ChildProcess asked = Start())
        {
            await LoadedAsync(asked);
            await host.ListensAsync();
            await host.TerminateAsync();
            int code = await asked.WaitForExitAsync(Patience);
            Assert.True(code == 0, $"exit code {code}:\n{string.Join('\n', asked.Lines)}");
        }
        host.Forget();
        await using (ChildProcess signalled = Start())
        {
            await LoadedAsync(signalled);
            await host.ListensAsync();
            await signalled.SignalAsync(15);
            int code = await signalled.WaitForExitAsync(Patience);
            Assert.True(code == 70, $"exit code {code}:\n{string.Join('\n', signalled.Lines)}");
        }
        host.Forget();
        await using ChildProcess wrong = Start(new() { ["RECORDING_ABANDON_AFTER"] = "soon" });
        Assert.Equal(2, await wrong.WaitForExitAsync(Patience));
        Assert.Contains(wrong.Lines, line => line.Contains("RECORDING_ABANDON_AFTER: 'soon' is not allowed", StringComparison.Ordinal));
        host.Forget();
        await using ChildProcess local = Start(new() { ["Transcription__Kind"] = "whisper", ["Transcription__ModelPath"] = "/m.bin" });
        Assert.Equal(2, await local.WaitForExitAsync(Patience));
        Assert.Contains(local.Lines, line =>
            line.Contains("Transcription__Kind: 'whisper' is not allowed, expected openai or azure-speech", StringComparison.Ordinal));
        host.Forget();
        await using ChildProcess misspelt = Start(new() { ["Webhooks__0__Uri"] = "https://a.example/", ["Webhooks__1__Secret"] = "short" });
        Assert.Equal(2, await misspelt.WaitForExitAsync(Patience));
        Assert.Contains(misspelt.Lines, line => line.Contains("did you mean Webhooks__N__Url?", StringComparison.Ordinal));
        Assert.Contains(misspelt.Lines, line => line.Contains("Webhooks__1__Secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_the_environment_counts_and_no_file_beside_the_worker()
    {
        using TempFolder copy = new();
        foreach (string file in Directory.EnumerateFiles(published.Path)) File.Copy(file, copy.Combine(Path.GetFileName(file)));
        await File.WriteAllTextAsync(copy.Combine(Settings.SettingSources.FileName),
            """{"RECORDING_ADOPT_AFTER":"soon","RECORDING_ADOPT_AFTR":"7m"}""", Cancellation);
        await using ChildProcess wrong = published.Start(host, new Dictionary<string, string?>
        {
            ["PipelineStorage"] = Connection,
            ["RECORDING_ABANDON_AFTER"] = "soon",
        }, copy.Path);
        Assert.Equal(2, await wrong.WaitForExitAsync(Patience));
        Assert.Contains("RECORDING_ABANDON_AFTER: 'soon' is not allowed", Assert.Single(wrong.Lines), StringComparison.Ordinal);
    }

    private ChildProcess Start(Dictionary<string, string?>? settings = null) =>
        published.Start(host, new Dictionary<string, string?>(settings ?? []) { ["PipelineStorage"] = Connection });

    private async Task<IReadOnlyList<RpcFunctionMetadata>> LoadedAsync(ChildProcess worker)
    {
        try
        {
            return await host.LoadedAsync();
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException(
                $"the worker did not load its "
                + $"functions:\n{string.Join('\n', worker.Lines)}\n{string.Join('\n', host.Logs.Select(log => log.Message))}");
        }
    }

    private static async Task SucceedsAsync(Task<InvocationResponse> invocation)
    {
        InvocationResponse response = await invocation;
        Assert.True(response.Result.Status == StatusResult.Types.Status.Success,
            $"{response.Result.Exception?.Message}\n{response.Result.Exception?.StackTrace}");
    }

    private static string[] Paths(JsonDocument document) => [.. document.RootElement.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name} {path.Name}")).Order(StringComparer.Ordinal)];

    [GeneratedRegex("page/[0-9a-f]{12}/[A-Za-z/]+\\.(js|css)")]
    private static partial Regex PageFile();

    // Key and value of an attribute stand behind each other, with their lengths: the app's name in Azure is not the program's.
    [GeneratedRegex("service\\.name.{1,6}Pipeline\\.Functions", RegexOptions.Singleline)]
    private static partial Regex ServiceName();

    private static bool Holds(byte[] body, string hex) => body.AsSpan().IndexOf(Convert.FromHexString(hex)) >= 0;

    private static string Text(SegmentReady segment) => JsonSerializer.Serialize(segment, ContractsJsonContext.Default.SegmentReady);
}
