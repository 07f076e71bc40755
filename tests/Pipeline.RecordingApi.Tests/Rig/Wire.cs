using System.Collections.Concurrent;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Pipeline.RecordingApi.Tests.Rig;

/// <summary>The way to the storage, which a test can cut after so many requests.</summary>
internal sealed class Wire : HttpPipelineTransport, IDisposable
{
    public const string Message = "the storage is away";

    private readonly HttpClientTransport inner = new();
    private int left = int.MaxValue;
    private string? held;
    private TaskCompletionSource gate = new();
    private TaskCompletionSource reached = new();

    /// <summary>Addresses of all requests so far.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Those that were answered.</summary>
    public ConcurrentQueue<string> Answered { get; } = new();

    /// <summary>What is done before each request, by its address; null: nothing.</summary>
    public Func<string, Task>? Before { get; set; }

    /// <summary>A request has failed since then.</summary>
    public bool HasCut => Volatile.Read(ref left) < 0;

    public void CutAfter(int requests) => Volatile.Write(ref left, requests);

    /// <summary>Requests for anything of this name wait until they are let go.</summary>
    public void Hold(string name) => (held, gate, reached) = (name, Source(), Source());

    /// <summary>Until a request is held.</summary>
    public Task IsHeldAsync() => reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public void LetGo() => gate.SetResult();

    public void Mend() => CutAfter(int.MaxValue);

    public void Dispose() => inner.Dispose();

    public override Request CreateRequest() => inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        string address = Uri.UnescapeDataString(message.Request.Uri.ToString());
        Asked.Enqueue(address);
        if (held is { } name && address.Contains(name, StringComparison.Ordinal))
        {
            reached.TrySetResult();
            await gate.Task;
        }
        if (Before is { } before) await before(address);
        // No lost connection, which the SDK would wait for.
        if (Interlocked.Decrement(ref left) < 0) throw new InvalidOperationException(Message);
        await inner.ProcessAsync(message);
        Answered.Enqueue(address);
    }

    private static TaskCompletionSource Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
