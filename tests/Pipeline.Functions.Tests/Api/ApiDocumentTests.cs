using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Document;
using Pipeline.RecordingApi.Http;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>The OpenAPI document is true, and others' tools can work from it.</summary>
public sealed class ApiDocumentTests(AppFixture shared) : IClassFixture<AppFixture>
{
    private static readonly string[] Operations = ["get", "put", "post", "patch", "delete"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Peer => RepositoryRoot.Combine("tests", "peers", "openapi");

    [Fact]
    public async Task Every_operation_says_who_may_call_it_and_what_can_go_wrong()
    {
        App app = shared.App;
        JsonNode document = await DocumentAsync(app);

        Assert.Equal(["key", "keyInQuery", "link"], document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key));
        foreach ((string path, string method, JsonNode operation) in OperationsOf(document))
        {
            string name = $"{method} {path}";
            bool isOpen = path.EndsWith("/session", StringComparison.Ordinal);
            JsonObject responses = operation["responses"]!.AsObject();
            Assert.True(isOpen == (operation["security"]!.AsArray().Count == 0), name);
            Assert.True(responses.ContainsKey("503"), name);
            Assert.All(["400", "401", "403"], status => Assert.True(responses.ContainsKey(status), $"{name} {status}"));
            Assert.True(operation["requestBody"] is null == !responses.ContainsKey("415"), name);
            string[] headers = [.. (operation["parameters"]?.AsArray() ?? []).Where(known => (string?)known!["in"] == "header")
                .Select(known => (string)known!["name"]!)];
            bool takesLinks = operation["security"]!.ToJsonString().Contains("link", StringComparison.Ordinal);
            Assert.True(headers.Contains("x-pipeline-page") == (takesLinks && method != "get"), name);
            foreach ((string status, string header) in new[] { ("304", "If-None-Match"), ("412", "If-Match"), ("206", "Range") })
                Assert.True(headers.Contains(header) == responses.ContainsKey(status), $"{name} {header}");
            foreach ((string status, string header) in new[] { ("302", "Location"), ("202", "Retry-After"), ("429", "Retry-After"),
                ("401", "WWW-Authenticate"), ("304", "ETag"), ("201", "Location"), ("503", "Retry-After") })
            {
                Assert.True(responses[status] is not { } said || said["headers"]?[header] is not null, $"{name} {status} {header}");
            }
            foreach (string hole in path.Split('/').Where(part => part.StartsWith('{')))
            {
                JsonNode? parameter = (operation["parameters"]?.AsArray() ?? [])
                    .FirstOrDefault(known => $"{{{known!["name"]}}}" == hole);
                Assert.True(parameter?["description"] is not null && (bool)parameter["required"]!, $"{name} {hole}");
            }
        }
        JsonArray asked = document["paths"]!["/api/recordings"]!["get"]!["parameters"]!.AsArray();
        Assert.Equal(["guildId", "limit", "cursor", "If-None-Match"], asked.Select(parameter => (string)parameter!["name"]!));
        JsonNode summary = document["components"]!["schemas"]!["RecordingSummary"]!["properties"]!;
        Assert.Equal("integer", (string?)summary["segmentCount"]!["type"]);
        JsonArray always = document["components"]!["schemas"]!["HealthReport"]!["required"]!.AsArray();
        Assert.Contains("status", always.Select(name => (string)name!));
    }

    [Fact]
    public async Task What_the_document_demands_of_a_request_is_what_the_checks_demand()
    {
        App app = shared.App;
        JsonNode schemas = (await DocumentAsync(app))["components"]!["schemas"]!;
        string id = RecordingId.New(TimeProvider.System).ToString();
        foreach ((Type type, string path) in new (Type, string)[]
        {
            (typeof(InitLiveRequest), "recordings/init-live"), (typeof(BatchInitRequest), "recordings/init"),
            (typeof(SegmentUploadRequest), $"recordings/{id}/segment-upload-url"), (typeof(CompleteRequest), $"recordings/{id}/complete"),
        })
        {
            using HttpResponseMessage answer = await app.Http.PostAsJsonAsync($"api/{path}", new JsonObject(), Cancellation);
            JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal(SchemaDetails.Demanded[type].Order(StringComparer.Ordinal),
                problem["errors"]!.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal));
            Assert.Equal(SchemaDetails.Demanded[type].Order(StringComparer.Ordinal),
                schemas[type.Name]!["required"]!.AsArray().Select(name => (string)name!).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Bounds_stand_in_the_document()
    {
        App app = shared.App;
        JsonNode init = (await DocumentAsync(app))["components"]!["schemas"]!["BatchInitRequest"]!["properties"]!;

        Assert.Equal((1, 400), ((int)init["guildName"]!["minLength"]!, (int)init["guildName"]!["maxLength"]!));
        Assert.Contains("1 to 100 characters", (string?)init["guildName"]!["description"], StringComparison.Ordinal);
        Assert.Equal(4_102_444_799_999, (long)init["sessionEndTime"]!["maximum"]!);
        Assert.Equal("date-time", (string?)init["recordedAt"]!["format"]);
        JsonNode schemas = init.Root["components"]!["schemas"]!;
        foreach ((string schema, string field, int most) in new[]
        {
            ("MissingSegment", "reason", 400), ("RecordingGap", "reason", 400), ("RecordingNote", "text", 6_000),
            ("RecordingNote", "username", 400), ("ConsentLedger", "mode", 400), ("ConsentEntry", "username", 400),
            ("ConsentEntry", "choice", 400), ("ConsentEntry", "button", 6_000),
        })
        {
            JsonNode text = schemas[schema]!["properties"]![field]!;
            Assert.Equal((most, null), ((int)text["maxLength"]!, (int?)text["minLength"]));
        }
        Assert.Equal(6_000, (int)schemas["ConsentLedger"]!["properties"]!["texts"]!["items"]!["maxLength"]!);
        // Every number and name that a check holds is bounded wherever a request has it.
        foreach (string schema in SchemaDetails.Demanded.Keys.Select(type => type.Name)
            .Where(name => name.EndsWith("Request", StringComparison.Ordinal)))
        {
            foreach ((string field, JsonNode? property) in schemas[schema]!["properties"]!.AsObject())
            {
                if (Bounds.Find(field) is not { } bound) continue;
                bool isText = property!["type"]!.ToJsonString().Contains("string", StringComparison.Ordinal);
                Assert.True(isText ? (long?)property["minLength"] == bound.Least && (long?)property["maxLength"] == Bounds.MostUnits
                    : (long?)property["minimum"] == bound.Least
                        && (bound.Most is int.MaxValue or long.MaxValue || (long?)property["maximum"] == bound.Most), $"{schema} {field}");
            }
        }
    }

    [Fact]
    public async Task Linter_finds_nothing()
    {
        App app = shared.App;
        using TempFolder folder = new();
        string file = Path.Combine(folder.Path, "openapi.json");
        await File.WriteAllTextAsync(file, (await DocumentAsync(app)).ToJsonString(), Cancellation);

        (int code, string said) = await RunAsync("node", Path.Combine(Peer, "node_modules", "@redocly", "cli", "bin", "cli.js"), "lint",
            file, "--extends", "recommended", "--format", "stylish");

        // It says "You have 2 warnings." behind that, where it has.
        Assert.True(code == 0 && said.Contains("is valid", StringComparison.Ordinal)
            && !said.Contains("You have", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task Client_made_from_the_document_lists_reads_renames_and_deletes()
    {
        App app = shared.App;
        using TempFolder folder = new();
        Session session = new(580, (5, "Ada", 2));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "openapi.json"), (await DocumentAsync(app)).ToJsonString(), Cancellation);
        File.Copy(Path.Combine(Peer, "client.ts"), Path.Combine(folder.Path, "client.ts"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "package.json"), """{"type":"module"}""", Cancellation);
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "node_modules"), Path.Combine(Peer, "node_modules"));

        string modules = Path.Combine(Peer, "node_modules");
        (int made, string types) = await RunAsync("node", Path.Combine(modules, "openapi-typescript", "bin", "cli.js"),
            Path.Combine(folder.Path, "openapi.json"), "-o", Path.Combine(folder.Path, "api.d.ts"));
        Assert.True(made == 0, types);
        (int compiled, string faults) = await RunAsync("node", Path.Combine(modules, "typescript", "bin", "tsc"), "--strict", "--target",
            "es2022", "--module", "nodenext", "--moduleResolution", "nodenext",
            "--lib", "es2022,dom", "--skipLibCheck", "--preserveSymlinks",
            Path.Combine(folder.Path, "client.ts"));
        Assert.True(compiled == 0, faults);
        (int ran, string said) = await RunAsync("node", "--preserve-symlinks", "--preserve-symlinks-main",
            Path.Combine(folder.Path, "client.js"), app.Address.AbsoluteUri, App.Key,
            session.Info.GuildId.ToString(System.Globalization.CultureInfo.InvariantCulture));

        Assert.True(ran == 0, said);
        Assert.Contains($"deleted {session.Id}: Ada 2 segments", said, StringComparison.Ordinal);
        Assert.Null(await app.RecordingAsync(session.Id));
    }

    private static async Task<JsonNode> DocumentAsync(App app) =>
        JsonNode.Parse(await app.Http.GetStringAsync(new Uri("api/openapi.json", UriKind.Relative), Cancellation))!;

    private static IEnumerable<(string Path, string Method, JsonNode Operation)> OperationsOf(JsonNode document) =>
        document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Where(operation => Operations.Contains(operation.Key))
            .Select(operation => (path.Key, operation.Key, operation.Value!)));

    private static async Task<(int Code, string Said)> RunAsync(string program, params string[] arguments)
    {
        await using ChildProcess process = ChildProcess.Start(program, arguments,
            new Dictionary<string, string?>
            {
                ["REDOCLY_TELEMETRY"] = "off",
                ["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true",
                ["CI"] = "true"
            });
        int code = await process.WaitForExitAsync(TimeSpan.FromMinutes(2));
        return (code, string.Join('\n', process.Lines));
    }
}
