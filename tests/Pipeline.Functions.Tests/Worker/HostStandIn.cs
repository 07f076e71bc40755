using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Functions.Tests.Worker.Stream;

namespace Pipeline.Functions.Tests.Worker;

/// <summary>
/// The Functions host as its worker sees it: takes the worker's stream, asks for its functions, loads all of them and invokes them.
/// One worker at a time; another one that comes takes its place.
/// </summary>
internal sealed class HostStandIn : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<InvocationResponse>> invocations = new();
    private Channel<StreamingMessage>? worker;
    private TaskCompletionSource<IReadOnlyList<RpcFunctionMetadata>> loaded = NewLoaded();

    private HostStandIn(WebApplication app) => this.app = app;

    /// <summary>Where a worker finds the stream.</summary>
    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>What the last worker said that it can do; <c>HttpUri</c> is where it takes requests.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; private set; } = new Dictionary<string, string>();

    /// <summary>What workers have logged.</summary>
    public ConcurrentQueue<RpcLog> Logs { get; } = new();

    public string FunctionAppFolder { get; init; } = "";

    public static async Task<HostStandIn> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = grpc.MaxSendMessageSize = null);
        HostStandIn? self = null;
        builder.Services.AddSingleton(_ => self!);
        WebApplication app = builder.Build();
        self = new HostStandIn(app);
        app.MapGrpcService<StreamService>();
        await app.StartAsync();
        return self;
    }

    /// <summary>All functions of the worker, once each of them is loaded.</summary>
    public async Task<IReadOnlyList<RpcFunctionMetadata>> LoadedAsync() => await loaded.Task.WaitAsync(Patience);

    /// <summary>Forgets the worker, so that the next one is waited for.</summary>
    public void Forget()
    {
        loaded = NewLoaded();
        worker = null;
        foreach (string id in invocations.Keys)
        {
            if (invocations.TryRemove(id, out TaskCompletionSource<InvocationResponse>? cut))
                cut.TrySetException(new InvalidOperationException("the worker is gone"));
        }
    }

    /// <summary>Invokes a function of a queue with the text of a message.</summary>
    public Task<InvocationResponse> QueueAsync(string function, string text, string? invocationId = null)
    {
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?>
        {
            ["MessageId"] = "b16d58ce-4cfd-4f91-b667-cdf684122750",
            ["PopReceipt"] = "AgAAAAMAAAAAAAAA",
            ["MessageText"] = text,
            ["Body"] = new Dictionary<string, object?>(),
            ["NextVisibleOn"] = "2026-11-22T15:41:40+00:00",
            ["InsertedOn"] = "2026-11-22T15:31:39+00:00",
            ["ExpiresOn"] = "2026-11-29T15:31:39+00:00",
            ["DequeueCount"] = 1,
        });
        ModelBindingData data = new()
        {
            Version = "1.0",
            Source = "AzureStorageQueues",
            ContentType = "application/json",
            Content = Google.Protobuf.ByteString.CopyFrom(message)
        };
        return InvokeAsync(function, new TypedData { ModelBindingData = data }, invocationId);
    }

    /// <summary>Invokes a function of a timer.</summary>
    public Task<InvocationResponse> TimerAsync(string function) =>
        InvokeAsync(function, new TypedData { Json = """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}""" }, null);

    /// <summary>Sends a request through a function of HTTP, as the host's proxy does.</summary>
    /// <param name="path">With the prefix that callers write: <c>/api/health</c>.</param>
    public async Task<HttpResponseMessage> HttpAsync(HttpClient http, string function, HttpMethod method, string path,
        HttpContent? content = null, IReadOnlyDictionary<string, string>? route = null)
    {
        await ListensAsync();
        string id = Guid.NewGuid().ToString();
        using HttpRequestMessage request = new(method, new Uri(new Uri(Capabilities["HttpUri"]), path)) { Content = content };
        request.Headers.Add("x-ms-invocation-id", id);
        Task<HttpResponseMessage> answer = http.SendAsync(request);
        InvocationRequest invocation = await RequestAsync(function, id);
        invocation.InputData.Clear();
        foreach ((string name, string value) in route ?? new Dictionary<string, string>())
            invocation.TriggerMetadata[name] = new TypedData { Json = JsonSerializer.Serialize(value) };
        Task<InvocationResponse> response = SendAsync(invocation);
        HttpResponseMessage answered = await answer;
        Assert.Equal(StatusResult.Types.Status.Success, (await response.WaitAsync(Patience)).Result.Status);
        return answered;
    }

    public async Task CancelAsync(string invocationId) =>
        await WriteAsync(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = invocationId } });

    /// <summary>Asks the worker to end.</summary>
    public async Task TerminateAsync() => await WriteAsync(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });

    public async ValueTask DisposeAsync()
    {
        worker?.Writer.TryComplete();
        await app.DisposeAsync();
    }

    private async Task<InvocationResponse> InvokeAsync(string function, TypedData data, string? invocationId)
    {
        InvocationRequest request = await RequestAsync(function, invocationId ?? Guid.NewGuid().ToString());
        request.InputData[0].Data = data;
        return await SendAsync(request);
    }

    private async Task<InvocationRequest> RequestAsync(string function, string invocationId)
    {
        RpcFunctionMetadata metadata = (await LoadedAsync()).Single(known => known.Name == function);
        InvocationRequest request = new()
        {
            InvocationId = invocationId,
            FunctionId = metadata.FunctionId,
            TraceContext = new RpcTraceContext { TraceParent = "00-11111111111111111111111111111111-2222222222222222-01" },
        };
        string trigger = metadata.Bindings.Single(binding =>
            binding.Value.Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase)).Key;
        request.InputData.Add(new ParameterBinding { Name = trigger });
        return request;
    }

    private async Task<InvocationResponse> SendAsync(InvocationRequest request)
    {
        TaskCompletionSource<InvocationResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        invocations[request.InvocationId] = answer;
        await WriteAsync(new StreamingMessage { InvocationRequest = request });
        return await answer.Task.WaitAsync(Patience);
    }

    private ValueTask WriteAsync(StreamingMessage message) =>
        (worker ?? throw new InvalidOperationException("no worker is here")).Writer.WriteAsync(message);

    private async Task RunAsync(IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> outgoing,
        CancellationToken cancellation)
    {
        Channel<StreamingMessage> own = worker = Channel.CreateUnbounded<StreamingMessage>();
        Task writing = Task.Run(async () =>
        {
            await foreach (StreamingMessage message in own.Reader.ReadAllAsync(cancellation))
                await outgoing.WriteAsync(message, cancellation);
        }, cancellation);
        List<RpcFunctionMetadata> functions = [];
        int open = 0;
        while (await incoming.MoveNext(cancellation))
        {
            StreamingMessage message = incoming.Current;
            switch (message.ContentCase)
            {
                case StreamingMessage.ContentOneofCase.StartStream:
                    WorkerInitRequest init = new()
                    {
                        HostVersion = "4.1037.0.0",
                        WorkerDirectory = FunctionAppFolder,
                        FunctionAppDirectory = FunctionAppFolder
                    };
                    init.Capabilities["HandlesInvocationCancelMessage"] = "true";
                    await own.Writer.WriteAsync(new StreamingMessage { WorkerInitRequest = init }, cancellation);
                    break;
                case StreamingMessage.ContentOneofCase.WorkerInitResponse:
                    Capabilities = message.WorkerInitResponse.Capabilities.ToDictionary();
                    await own.Writer.WriteAsync(
                        new StreamingMessage
                        {
                            FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = FunctionAppFolder },
                        },
                        cancellation);
                    break;
                case StreamingMessage.ContentOneofCase.FunctionMetadataResponse:
                    functions = [.. message.FunctionMetadataResponse.FunctionMetadataResults.Select(WithBindings)];
                    open = functions.Count;
                    foreach (RpcFunctionMetadata function in functions)
                    {
                        await own.Writer.WriteAsync(
                            new StreamingMessage
                            {
                                FunctionLoadRequest = new FunctionLoadRequest
                                {
                                    FunctionId = function.FunctionId,
                                    Metadata = function
                                }
                            }, cancellation);
                    }
                    break;
                case StreamingMessage.ContentOneofCase.FunctionLoadResponse:
                    if (message.FunctionLoadResponse.Result.Status != StatusResult.Types.Status.Success)
                        loaded.TrySetException(new InvalidOperationException(message.FunctionLoadResponse.Result.Exception?.Message));
                    else if (--open == 0) loaded.TrySetResult(functions);
                    break;
                case StreamingMessage.ContentOneofCase.InvocationResponse:
                    if (invocations.TryRemove(message.InvocationResponse.InvocationId,
                        out TaskCompletionSource<InvocationResponse>? answer)) answer.TrySetResult(message.InvocationResponse);
                    break;
                case StreamingMessage.ContentOneofCase.RpcLog:
                    Logs.Enqueue(message.RpcLog);
                    break;
                default:
                    break;
            }
        }
        own.Writer.TryComplete();
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// Waits until the worker takes requests: its functions may be loaded a moment before. The host's proxy tries again too.
    /// </summary>
    public async Task ListensAsync()
    {
        Uri address = new(Capabilities["HttpUri"]);
        using CancellationTokenSource end = new(Patience);
        while (true)
        {
            using TcpClient client = new();
            try
            {
                await client.ConnectAsync(address.Host, address.Port, end.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, end.Token);
            }
        }
    }

    // The host reads the worker's JSON and hands back what it understood.
    private static RpcFunctionMetadata WithBindings(RpcFunctionMetadata function)
    {
        foreach (string raw in function.RawBindings)
        {
            using JsonDocument binding = JsonDocument.Parse(raw);
            BindingInfo info = new()
            {
                Type = binding.RootElement.GetProperty("type").GetString(),
                Direction = Enum.Parse<BindingInfo.Types.Direction>(binding.RootElement.GetProperty("direction").GetString()!,
                    ignoreCase: true),
            };
            if (binding.RootElement.TryGetProperty("properties", out JsonElement properties))
            {
                foreach (JsonProperty property in properties.EnumerateObject()) info.Properties[property.Name] = property.Value.ToString();
            }
            function.Bindings[binding.RootElement.GetProperty("name").GetString()!] = info;
        }
        return function;
    }

    private static TaskCompletionSource<IReadOnlyList<RpcFunctionMetadata>> NewLoaded() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class StreamService(HostStandIn host) : FunctionRpc.FunctionRpcBase
    {
        public override Task EventStream(IAsyncStreamReader<StreamingMessage> requestStream,
            IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context) =>
            host.RunAsync(requestStream, responseStream, context.CancellationToken);
    }
}
