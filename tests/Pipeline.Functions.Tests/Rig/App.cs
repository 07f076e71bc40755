using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Local;
using Pipeline.Functions.Local.Triggers;
using Pipeline.RecordingApi.Deletion;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>The functions app in this process on a free port, without pumps unless a test asks for them.</summary>
internal sealed class App : IAsyncDisposable
{
    /// <summary>What callers show unless a test has set another.</summary>
    public const string Key = "a-key-for-one-test";

    private readonly WebApplication app;

    private App(WebApplication app, LogSink log)
    {
        (this.app, Log) = (app, log);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        Http = new HttpClient(new DocumentedAnswers(Address)) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };
        Http.DefaultRequestHeaders.Add("x-functions-key", Key);
    }

    public Uri Address { get; }
    public HttpClient Http { get; }
    public LogSink Log { get; }

    public StorageClients Storage => app.Services.GetRequiredService<StorageClients>();

    public T Get<T>() where T : notnull => app.Services.GetRequiredService<T>();

    public static async Task<App> StartAsync(string connection, Dictionary<string, string?>? settings = null, TimeProvider? time = null,
        Action<IServiceCollection>? services = null, string listens = "127.0.0.1")
    {
        LogSink log = new();
        Dictionary<string,
            string?> all = new() { ["PipelineStorage"] = connection, ["Functions:LocalTriggers"] = "false", ["Functions:Key"] = Key };
        foreach ((string name, string? value) in settings ?? []) all[name] = value;
        WebApplication app = LocalApp.Build(["--urls", $"http://{listens}:0"], builder =>
        {
            builder.Configuration.AddInMemoryCollection(all);
            builder.Logging.ClearProviders().AddProvider(log);
            if (time is not null) builder.Services.AddSingleton(time);
            services?.Invoke(builder.Services);
        });
        await app.StartAsync();
        return new App(app, log);
    }

    public Task<bool> StartRecordingAsync(RecordingStarted message) =>
        TriggerAsync(FunctionNames.StartRecording, message, ContractsJsonContext.Default.RecordingStarted);

    public Task<bool> MoveAsync(SegmentReady message) =>
        TriggerAsync(FunctionNames.MoveSegment, message, ContractsJsonContext.Default.SegmentReady);

    public Task<bool> FinalizeAsync(RecordingStopped message) =>
        TriggerAsync(FunctionNames.FinalizeRecording, message, ContractsJsonContext.Default.RecordingStopped);

    /// <summary>Runs the look that is due at a deleted recording, as its message would.</summary>
    /// <returns>False where none is due.</returns>
    public async Task<bool> EraseAsync(RecordingId recording)
    {
        if (await Get<DeletionTable>().FindLookAsync(recording, CancellationToken.None) is not { } look) return false;
        await Get<RecordingErasure>().RunAsync(new DeleteRecording { RecordingId = recording, Look = look.Number }, CancellationToken.None);
        return true;
    }

    /// <summary>Deletes a recording by the API, and runs what its messages call until nothing is left.</summary>
    public async Task DeleteRecordingAsync(RecordingId recording)
    {
        using HttpResponseMessage answer = await Http.DeleteAsync(new Uri($"api/recordings/{recording}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        LoopLimit limit = new("the recording is deleted");
        while (await Get<DeletionTable>().FindAsync(recording, CancellationToken.None) is { IsDone: false })
        {
            limit.Turn();
            Assert.True(await EraseAsync(recording));
        }
    }

    public Task<bool> SweepAsync() =>
        SucceedsAsync(FunctionNames.SweepRecordings, () => Get<DeliveryFunctions>().SweepAsync(CancellationToken.None));

    /// <summary>Runs a function with the text of a queue message; false where it failed and its message would come again.</summary>
    public async Task<bool> TriggerAsync<T>(string function, T message, JsonTypeInfo<T> type) =>
        await TriggerAsync(function, JsonSerializer.Serialize(message, type));

    public Task<bool> TriggerAsync(string function, string text)
    {
        DeliveryFunctions functions = Get<DeliveryFunctions>();
        byte[] message = Encoding.UTF8.GetBytes(text);
        return SucceedsAsync(function, () => function switch
        {
            FunctionNames.StartRecording => functions.StartAsync(message, CancellationToken.None),
            FunctionNames.MoveSegment => functions.MoveAsync(message, CancellationToken.None),
            FunctionNames.FinalizeRecording => functions.FinalizeAsync(message, CancellationToken.None),
            _ => throw new ArgumentException($"there is no queue function {function}"),
        });
    }

    private static async Task<bool> SucceedsAsync(string function, Func<Task> run)
    {
        try
        {
            await run();
            return true;
        }
        catch (Exception fault) when (fault is not ArgumentException)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{function}: {fault.Message}");
            return false;
        }
    }

    public async Task<HttpResponseMessage> PostAsync(string path, string json) =>
        await Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));

    public async Task<HttpResponseMessage> PostAsync<T>(string path, T body, JsonTypeInfo<T> type)
    {
        ByteArrayContent content = new(JsonSerializer.SerializeToUtf8Bytes(body, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await Http.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    public async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(), type)!;

    public async Task<RecordingDetails?> RecordingAsync(RecordingId recording)
    {
        using HttpResponseMessage response = await Http.GetAsync(new Uri($"api/recordings/{recording}", UriKind.Relative));
        return response.IsSuccessStatusCode ? await ReadAsync(response, WireJsonContext.Default.RecordingDetails) : null;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
